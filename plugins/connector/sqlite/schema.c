/*
 * sqlite/schema.c - see schema.h
 */
#include "schema.h"

const char assay_schema_sql[] =
    "PRAGMA application_id = 1634956153;"
    "CREATE TABLE about(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO about VALUES('schema', 1), ('flushed', 0);"
    "CREATE TABLE report("
    " id INTEGER PRIMARY KEY,"
    " scan_id TEXT NOT NULL UNIQUE,"
    " time INTEGER NOT NULL," /* of the message, ms */
    " fold BLOB NOT NULL,"    /* equal: reports of one mail */
    " superseded INTEGER NOT NULL,"
    " supersedes TEXT,"
    " source_id TEXT);"
    "CREATE INDEX report_time ON report(time);"
    "CREATE INDEX report_supersedes ON report(supersedes) WHERE supersedes IS NOT NULL;"
    "CREATE INDEX report_source ON report(source_id) WHERE source_id IS NOT NULL;"
    "CREATE TABLE document(report INTEGER PRIMARY KEY, json BLOB NOT NULL);"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE value("
    " id INTEGER PRIMARY KEY,"
    " word INTEGER NOT NULL,"
    " text NOT NULL," /* text, or an integer */
    " shown TEXT,"    /* where its case differs */
    " key BLOB,"
    " net BLOB);"
    "CREATE UNIQUE INDEX value_text ON value(word, text);"
    "CREATE INDEX value_key ON value(word, key) WHERE key IS NOT NULL;"
    "CREATE INDEX value_net ON value(word, net) WHERE net IS NOT NULL;"
    "CREATE TABLE fact(value INTEGER NOT NULL, report INTEGER NOT NULL,"
    " PRIMARY KEY(value, report)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE fulltext USING fts5(subject, names, body, content='', columnsize=0,"
    " tokenize='trigram');"
    "CREATE VIRTUAL TABLE fulltext_terms USING fts5vocab(fulltext, row);"
    "CREATE TABLE finding("
    " id TEXT PRIMARY KEY, scan_id TEXT, kind TEXT, json BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX finding_scan ON finding(scan_id);";
