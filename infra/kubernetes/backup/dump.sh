# dump.sh SCRIPTS FOLDER: the database of COSTATE_DATABASE_URL as FOLDER/database.dump, and its rows by table as
# FOLDER/counts, both of one snapshot.
set -eu
scripts=$1
cd "$2"
if [ -n "${COSTATE_DATABASE_PASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$COSTATE_DATABASE_PASSWORD_FILE")
    export PGPASSWORD
fi
rm -f database.dump counts partial
psql "$COSTATE_DATABASE_URL" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --file="$scripts/dump.sql" --set=counts="$scripts/counts.sql"
# The shell inside psql cannot end it: a dump that failed is one that is not there.
[ -s database.dump ] && [ -s counts ]
