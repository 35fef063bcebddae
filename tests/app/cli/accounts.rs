//! What the command line does with accounts and their passwords.

use super::{CREATE, with_account};
use crate::support::{PASSWORD, Program, TestDatabase};
use diesel::prelude::*;
use diesel::sql_types::Text;

#[actix_web::test]
async fn an_operator_is_made_with_the_account_where_that_is_said() {
    for operator in [false, true] {
        let database = TestDatabase::empty();
        let program = Program::on(&database);
        let args = if operator { [CREATE, &["--operator"]].concat() } else { CREATE.to_vec() };
        assert_eq!(program.run_with(&args, PASSWORD).code, Some(0));
        let mut serving = program.serve().await;
        let amara = serving.visitor();
        amara.sign_in("amara@harbourline.example", PASSWORD, None).await;
        assert_eq!(amara.get("/operator/mail").await.status, if operator { 200 } else { 403 });
        assert_eq!(serving.stop().await, Some(0));
    }
    let database = TestDatabase::empty();
    let elsewhere: Vec<&str> = CREATE.iter().copied().filter(|arg| *arg != "--shared-host").collect();
    let run = Program::on(&database).run_with(&[&elsewhere[..], &["--operator"]].concat(), PASSWORD);
    assert_eq!(run.code, Some(2), "the console is on the shared host only: {run:?}");
}

#[test]
fn of_accounts_that_share_a_login_the_named_one_gets_the_password() {
    let (database, program) = with_account();
    let mut another = CREATE.to_vec();
    another[3] = "Quillworks";
    let run = program.run_with(&another, PASSWORD);
    let id = run.stdout.split(' ').nth(1).unwrap_or_else(|| panic!("{run:?}")).to_owned();
    let before = passwords(&database);
    let reset = ["user", "reset-password", "--login", "amara@harbourline.example", "--password-stdin"];
    let refused = program.run_with(&reset, "copper-meadow-17");
    assert!(refused.sentence().contains("name one with --account ") && refused.sentence().contains(&id), "{refused:?}");
    assert_eq!(passwords(&database), before);
    let run = program.run_with(&[&reset[..], &["--account", &id]].concat(), "copper-meadow-17");
    assert_eq!(run.code, Some(0), "{run:?}");
    let after = passwords(&database);
    assert_eq!((after[0] == before[0], after[1] == before[1]), (true, false));
}

#[test]
fn commands_hash_passwords_at_the_cost_that_is_set() {
    let database = TestDatabase::empty();
    let run = Program::on(&database).with("BCRYPT_COST", "10").run_with(CREATE, PASSWORD);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(passwords(&database)[0].starts_with("$2b$10$"));
    let reset = ["user", "reset-password", "--login", "amara@harbourline.example", "--password-stdin"];
    let run = Program::on(&database).run_with(&[&reset[..], &["--bcrypt-cost", "11"]].concat(), PASSWORD);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(passwords(&database)[0].starts_with("$2b$11$"));
}

/// What is stored of the Owners' passwords, in the order in which they came.
fn passwords(database: &TestDatabase) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Stored {
        #[diesel(sql_type = Text)]
        password_hash: String,
    }
    let query = diesel::sql_query("SELECT password_hash FROM credentials ORDER BY user_id");
    let stored: Vec<Stored> = database.open().read_now(|conn| Ok(query.load(conn)?)).unwrap();
    stored.into_iter().map(|one| one.password_hash).collect()
}
