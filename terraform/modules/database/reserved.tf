# RDS refuses a database or a master account that is named by a word that the engine reserves (API reference,
# CreateDBInstance, DBName and MasterUsername). For Postgres these are the reserved key words of its documentation,
# appendix "SQL Key Words", beside its own databases and accounts and those of RDS.
locals {
  key_words = split(" ", join(" ", [
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation",
    "column concurrently constraint create cross current_catalog current_date current_role current_schema current_time",
    "current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze",
    "from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit",
    "localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references",
    "returning right select session_user similar some symmetric system_user table tablesample then to trailing true",
    "union unique user using variadic verbose when where window with",
  ]))

  reserved_databases = concat(local.key_words, ["db", "postgres", "rdsadmin", "template0", "template1"])
  reserved_accounts  = concat(local.key_words, ["admin", "postgres", "public", "none"])
}
