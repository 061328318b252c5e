BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump "$COSTATE_DATABASE_URL" --format=custom --no-owner --no-privileges --snapshot="$SNAPSHOT" --file=partial && mv partial database.dump
\o counts
\i :counts
COMMIT;
