//! Every statement of the store is understood by each engine it is meant for. The statements are
//! read from the source, so that one that no other test runs is not left out. Those that macros put
//! together from pieces are left to the tests of their files.

use super::support::{Db, both};
use std::path::Path;

both!(every_statement_is_understood);

/// A text literal and the code between it and the literal before.
type Literal = (String, String);

/// Statements outside tests, each behind its file's name, save those that name the other engine.
fn statements(other_engine: [&str; 3]) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let meant = literals(code).into_iter().filter(|(before, sql)| {
            let last = before.rsplit([';', '}', ',']).next().unwrap_or_default();
            is_statement(sql) && !other_engine.iter().any(|engine| last.contains(engine))
        });
        out.extend(meant.map(|(_, sql)| (name.clone(), without_switches(sql))));
    }
    out
}

/// Without `$1 IS NULL OR`, which tells PostgreSQL nothing of the type; the store binds with types.
fn without_switches(sql: String) -> String {
    (1..=MOST_VALUES).fold(sql, |sql, n| sql.replace(&format!("${n} IS NULL OR "), ""))
}

/// Values of the longest statement.
const MOST_VALUES: usize = 20;

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let verb =
        words.next().is_some_and(|word| matches!(word, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH"));
    verb && words.next().is_some()
}

/// The literals of code that are whole statements if they are any: those inside `concat!` are pieces.
fn literals(code: &str) -> Vec<Literal> {
    let (mut out, mut between, mut concat) = (Vec::new(), String::new(), None::<usize>);
    let mut rest = code.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                let mut text = String::new();
                while let Some(letter) = rest.next().filter(|c| *c != '"') {
                    text.extend(if letter == '\\' { rest.next() } else { Some(letter) });
                }
                let before = std::mem::take(&mut between);
                if concat.is_none() {
                    out.push((before, text));
                }
            }
            '(' if between.trim_end().ends_with("concat!") => {
                concat = concat.map_or(Some(1), |deep| Some(deep + 1));
            }
            '(' => concat = concat.map(|deep| deep + 1),
            ')' => concat = concat.map(|deep| deep - 1).filter(|deep| *deep > 0),
            other => between.push(other),
        }
    }
    out
}

/// Fewer than this means that the reading went wrong, not that the store shrank.
const FEWEST: usize = 100;

async fn every_statement_is_understood(db: &Db) {
    let other = match db.store.engine() {
        crate::Engine::Sqlite => ["Engine::Postgres", "_POSTGRES:", "PG_LOCK"],
        crate::Engine::Postgres => ["Engine::Sqlite", "_SQLITE:", "VACUUM"],
    };
    let (files, sql): (Vec<String>, Vec<String>) = statements(other).into_iter().unzip();
    assert!(sql.len() > FEWEST, "only {} statements were found", sql.len());
    let objections = db.objections(&sql).await;
    let refused: Vec<String> = (files.iter().zip(&sql))
        .zip(objections)
        .filter_map(|((file, sql), objection)| objection.map(|why| format!("{file}: {why}\n  {sql}")))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[tokio::test]
async fn a_statement_that_makes_no_sense_is_refused() {
    let db = Db::sqlite().await;
    let said =
        db.objections(&["SELECT nothing FROM sites".to_owned(), "SELECT id FROM sites".to_owned()]).await;
    assert!(said[0].as_ref().unwrap().contains("nothing"), "{said:?}");
    assert_eq!(said[1], None);
}

#[test]
fn literals_are_told_from_code_comments_and_pieces() {
    let code = "a(\"one\"); // \"two\"\nconcat!(\"three\", b(\"four\"), \"five\"), c => \"si\\\"x\"";
    let found: Vec<String> = literals(code).into_iter().map(|(_, text)| text).collect();
    assert_eq!(found, ["one", "si\"x"]);
    assert!(is_statement("SELECT id\n FROM x") && !is_statement("SELECT") && !is_statement("Select a site"));
}
