# drill.sh SCRIPTS FOLDER: restores FOLDER/database.dump into a server of its own, which listens nowhere and is thrown
# away, and fails unless every table has the rows that FOLDER/counts says.
set -eu
scripts=$1
cd "$2"
sockets=$(mktemp -d)
initdb --pgdata=server --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync --no-instructions >/dev/null
pg_ctl start --pgdata=server --wait --silent --log=server.log \
    --options="-c listen_addresses='' -c unix_socket_directories='$sockets' -c fsync=off -c full_page_writes=off"
trap 'pg_ctl stop --pgdata=server --mode=immediate --silent' EXIT
export PGHOST="$sockets" PGUSER=postgres
createdb restored
pg_restore --dbname=restored --exit-on-error --no-owner --no-privileges database.dump
psql --dbname=restored --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --file="$scripts/counts.sql" --output=restored
diff counts restored
