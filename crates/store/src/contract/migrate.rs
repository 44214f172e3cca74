//! The schema: the same on both engines, made once, refused when it is newer than the program.

use super::support::{Db, both};
use crate::query::q;
use crate::{Conn, Engine, Error, SCHEMA_VERSION};

both!(opening_again_changes_nothing, a_newer_schema_is_refused);

async fn versions(db: &mut Conn) -> Vec<i64> {
    let rows = db.rows(q!("SELECT version FROM schema_version ORDER BY version")).await.unwrap();
    rows.iter().map(|row| row.int("version").unwrap()).collect()
}

async fn opening_again_changes_nothing(db: &Db) {
    let mut conn = db.store.read().await.unwrap();
    let before = (versions(&mut conn).await, columns(&mut conn).await, indexes(&mut conn).await);
    assert_eq!(before.0, (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    let store = db.again().await.unwrap();
    crate::migrate::run(&store).await.unwrap();
    store.close().await;
    assert_eq!((versions(&mut conn).await, columns(&mut conn).await, indexes(&mut conn).await), before);
}

async fn a_newer_schema_is_refused(db: &Db) {
    let newer = SCHEMA_VERSION + 7;
    let mut tx = db.store.begin().await.unwrap();
    tx.run(q!("INSERT INTO schema_version (version) VALUES ($1)", newer)).await.unwrap();
    tx.commit().await.unwrap();
    let refused = db.again().await.err().unwrap();
    assert!(
        matches!(refused, Error::NewerSchema { found, known } if (found, known) == (newer, SCHEMA_VERSION))
    );
    let said = refused.to_string();
    assert!(
        said.contains(&format!("schema {newer}")) && said.contains(&format!("up to {SCHEMA_VERSION}")),
        "{said}"
    );
}

/// A column as both engines can tell: table, name, type, whether it may be null.
type Column = (String, String, String, bool);

/// A primary key is never null in a strict table, which SQLite does not say.
const COLUMNS_SQLITE: &str = r#"SELECT m.name AS of, c.name AS name, c.type AS type,
        CASE WHEN c."notnull" = 0 AND c.pk = 0 THEN 1 ELSE 0 END AS nullable
     FROM sqlite_schema m JOIN pragma_table_info(m.name) c
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"#;
const COLUMNS_PG: &str = "SELECT CAST(table_name AS TEXT) AS of, CAST(column_name AS TEXT) AS name,
        CAST(data_type AS TEXT) AS type, CAST(CASE WHEN is_nullable = 'YES' THEN 1 ELSE 0 END AS BIGINT) AS nullable
     FROM information_schema.columns WHERE table_schema = 'public'";

async fn columns(db: &mut Conn) -> Vec<Column> {
    let sql = match db.engine() {
        Engine::Sqlite => COLUMNS_SQLITE,
        Engine::Postgres => COLUMNS_PG,
    };
    let rows = db.rows(q!(sql)).await.unwrap();
    let read = |row: &crate::query::Row| -> crate::Result<Column> {
        Ok((row.text("of")?, row.text("name")?, plain(&row.text("type")?).to_owned(), row.flag("nullable")?))
    };
    let mut columns: Vec<Column> = rows.iter().map(|row| read(row).unwrap()).collect();
    columns.sort();
    columns
}

fn plain(name: &str) -> &str {
    match name {
        "bigint" | "BIGINT" => "INTEGER",
        "bytea" => "BLOB",
        "text" => "TEXT",
        other => other,
    }
}

/// Names of the indexes that migrations make themselves.
async fn indexes(db: &mut Conn) -> Vec<String> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
        Engine::Postgres => {
            "SELECT CAST(c.relname AS TEXT) AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)"
        }
    };
    let rows = db.rows(q!(sql)).await.unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.text("name").unwrap()).collect();
    names.sort();
    names
}

mod dialects {
    //! Needs both engines at once.

    mod pg {
        use super::super::{columns, indexes};
        use crate::contract::support::Db;

        #[tokio::test]
        async fn both_engines_get_the_same_tables() {
            let (file, server) = (Db::sqlite().await, Db::pg().await);
            let (mut left, mut right) =
                (file.store.read().await.unwrap(), server.store.read().await.unwrap());
            let found = columns(&mut left).await;
            assert!(found.len() > 100, "{found:?}");
            assert_eq!(found, columns(&mut right).await);
            let found = indexes(&mut left).await;
            assert!(found.len() > 10, "{found:?}");
            assert_eq!(found, indexes(&mut right).await);
            drop((left, right));
            server.end().await;
        }
    }
}
