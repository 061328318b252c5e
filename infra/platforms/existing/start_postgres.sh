# start.sh FOLDER PASSWORD_FILE CONFIGURATION: makes a database in the folder where there is none, sets its user's
# password to what the file says, and becomes the server.
set -eu
umask 077
data=$1/server
new=$1/new
if [ ! -s "$data/PG_VERSION" ]; then
    # Beside its place: what an interrupted start leaves half done is never taken for a database.
    rm -rf "$new"
    initdb --pgdata="$new" --username=postgres --auth-local=peer --auth-host=reject \
        --encoding=UTF8 --locale=C --data-checksums --no-instructions
    postgres --single -D "$new" postgres <<SQL
CREATE ROLE costate LOGIN;
CREATE DATABASE costate OWNER costate;
SQL
    mv "$new" "$data"
fi
# A server in single-user mode listens nowhere.
postgres --single -D "$data" postgres <<SQL
ALTER ROLE costate PASSWORD '$(cat "$2")';
SQL
exec postgres -D "$data" -c config_file="$3"
