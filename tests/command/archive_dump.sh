# For tests of archives; read with `.` after lib.sh. ./dump FILE: a reader of its own, which prints every row of every table, in order;
# ./dump FILE SQL: does that to the file instead.
cat >dump.c <<'C'
#include <sqlite3.h>
#include <stdio.h>
int main(int count, char **words) {
	static const char *const tables[] = {"run", "expr", "score", "epoch"};
	sqlite3 *db;
	if (count < 2 || sqlite3_open_v2(words[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return 1;
	if (count > 2)
		return sqlite3_exec(db, words[2], NULL, NULL, NULL) != SQLITE_OK;
	for (int t = 0; t < 4; t++) {
		char text[100];
		sqlite3_stmt *row;
		snprintf(text, sizeof text, "SELECT * FROM %s ORDER BY 1, 2, 3", tables[t]);
		if (sqlite3_prepare_v2(db, text, -1, &row, NULL) != SQLITE_OK)
			return 2;
		while (sqlite3_step(row) == SQLITE_ROW) {
			printf("%s", tables[t]);
			for (int i = 0; i < sqlite3_column_count(row); i++) {
				const unsigned char *blob = sqlite3_column_blob(row, i);
				if (sqlite3_column_type(row, i) == SQLITE_FLOAT) {
					printf("|%a", sqlite3_column_double(row, i));
				} else if (sqlite3_column_type(row, i) == SQLITE_BLOB) {
					printf("|");
					for (int k = 0; k < sqlite3_column_bytes(row, i); k++)
						printf("%02x", blob[k]);
				} else {
					printf("|%s", blob ? (const char *)blob : "null");
				}
			}
			printf("\n");
		}
		if (sqlite3_finalize(row) != SQLITE_OK)
			return 3;
	}
	return sqlite3_close(db) != SQLITE_OK;
}
C
"$CC" -o dump dump.c -lsqlite3 || fail "the reader of archives does not compile"
