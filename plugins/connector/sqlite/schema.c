/*
 * sqlite/schema.c - see schema.h
 */
#include "schema.h"

const char assay_schema_sql[] =
    "PRAGMA application_id = 1634956153;"
    "CREATE TABLE about(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO about VALUES('schema', 2), ('flushed', 0), ('next_value', 1),"
    " ('part_reports', 65536);"
    "CREATE TABLE part("
    " id INTEGER PRIMARY KEY,"
    " first INTEGER NOT NULL,"       /* report */
    " first_value INTEGER NOT NULL," /* below those of the next part */
    " removed INTEGER NOT NULL);"    /* reports, since its text was tidied up */
    "CREATE TABLE report("
    " id INTEGER PRIMARY KEY,"
    " scan_id NOT NULL UNIQUE,"
    " time INTEGER NOT NULL,"    /* of the message, ms */
    " scanned INTEGER NOT NULL," /* ms */
    " fold BLOB NOT NULL,"       /* equal: reports of one mail */
    " superseded INTEGER NOT NULL,"
    " supersedes,"
    " source BLOB);" /* digest of source_id */
    "CREATE INDEX report_time ON report(time);"
    "CREATE INDEX report_scanned ON report(scanned);"
    "CREATE INDEX report_supersedes ON report(supersedes) WHERE supersedes IS NOT NULL;"
    "CREATE INDEX report_source ON report(source) WHERE source IS NOT NULL;"
    "CREATE TABLE document(report INTEGER PRIMARY KEY, json BLOB NOT NULL);"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE value("
    " part INTEGER, word INTEGER,"
    " text COLLATE NOCASE," /* text, an integer, or the bytes of a digest */
    " id INTEGER NOT NULL,"
    " PRIMARY KEY(part, word, text)) WITHOUT ROWID;"
    "CREATE TABLE ending(part INTEGER, word INTEGER, key BLOB, id INTEGER NOT NULL,"
    " PRIMARY KEY(part, word, key)) WITHOUT ROWID;"
    "CREATE TABLE net(part INTEGER, word INTEGER, net BLOB, id INTEGER NOT NULL,"
    " PRIMARY KEY(part, word, net, id)) WITHOUT ROWID;"
    "CREATE TABLE fact(value INTEGER NOT NULL, report INTEGER NOT NULL,"
    " PRIMARY KEY(value, report)) WITHOUT ROWID;"
    "CREATE TABLE finding("
    " id PRIMARY KEY, scan_id, kind TEXT, time INTEGER, json BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX finding_scan ON finding(scan_id);";
