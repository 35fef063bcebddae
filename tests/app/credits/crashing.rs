//! Kill -9, and a Postgres that is stopped and started, while 64 report usage and 64 allocate: what was acknowledged is
//! counted once, and so is what is sent again because nobody knows whether it was counted.

use super::writers::{Life, WRITERS, Writers};
use crate::support::{
    Browser, Client, Countdown, Dice, PostgresServer, Program, Serving, Setup, Stop, TestApp, TestDatabase, postgres,
};
use std::rc::Rc;

const KILLS: usize = 10;
/// Another one makes other moments.
const SEED: u64 = 20_261_127;

/// The program with all who write to it.
struct Trial {
    database: TestDatabase,
    program: Program,
    writers: Writers,
    amara: Browser,
    client: Client,
    dice: Dice,
}

impl Trial {
    /// Nobody else has the database open: what is found after a kill is what the program alone has left.
    async fn on(database: TestDatabase) -> Self {
        let (app, amara) = TestApp::with_owner_on(database, Setup { seats: 80, ..Setup::default() }).await;
        let people = (0..WRITERS).map(|n| app.details(app.account, &format!("User {n}"))).collect();
        let writers = Writers::of(&app.users_of(app.account, people), SEED);
        let client = Client::of(&app, app.account, app.owner);
        let program = Program::beside(&app).with("BCRYPT_COST", "10");
        Trial { database: app.leave(), program, writers, amara: amara.browser, client, dice: Dice::new(SEED) }
    }

    /// The next life of the program, which ends after so many answers.
    fn life(&mut self, serving: &Serving) -> Rc<Life> {
        let answered = Countdown::new(1 + self.dice.number() % 200);
        let client = self.client.at(serving.visitor());
        Rc::new(Life { client, amara: serving.visited_by(&self.amara), answered })
    }

    /// Whatever was not answered is sent again, and then everything is there once.
    async fn recover(mut self, life: &Rc<Life>, when: &str) -> Self {
        self.writers = self.writers.repeat(life).await;
        self.writers.check(&self.database.open(), when);
        self
    }

    async fn work_until(mut self, life: &Rc<Life>, end: impl FnOnce()) -> Self {
        self.writers = self.writers.work(life, end).await;
        self
    }
}

#[actix_web::test]
async fn ten_kills_while_64_report_and_64_allocate_lose_nothing_and_count_nothing_twice() {
    let mut trial = Trial::on(TestDatabase::migrated()).await;
    for kill in 1..=KILLS {
        let when = format!("seed {SEED}, kill {kill}");
        let mut serving = trial.program.serve().await;
        let life = trial.life(&serving);
        trial = trial.recover(&life, &when).await;
        trial = trial.work_until(&life, || serving.kill()).await;
        trial.program.verify(&when);
    }
    let mut serving = trial.program.serve().await;
    let life = trial.life(&serving);
    trial = trial.recover(&life, "in the end").await;
    assert_eq!(serving.stop().await, Some(0));
    trial.program.verify("in the end");
    trial.writers.have_worked();
}

#[actix_web::test]
async fn a_postgres_that_is_stopped_and_started_loses_nothing_and_counts_nothing_twice() {
    // SQLite is no server that could be stopped.
    if postgres().is_none() {
        return;
    }
    let server = PostgresServer::start();
    let mut trial = Trial::on(TestDatabase::on(&server)).await;
    // While it is away each request waits for a connection: with many at once it is soon told to all.
    trial.program = trial.program.with("DB_CONNECTIONS", "32");
    let mut serving = trial.program.serve().await;
    for (before, how) in [Stop::Fast, Stop::Immediate].into_iter().enumerate() {
        let life = trial.life(&serving);
        let when = format!("seed {SEED}, {how:?}");
        trial = trial.work_until(&life, || server.stop(how)).await;
        // Each by a problem with the status 503 that says when.
        trial.writers.were_put_off(before + 1);
        server.start_again();
        trial.program.verify(&when);
        trial = trial.recover(&life, &when).await;
    }
    assert_eq!(serving.stop().await, Some(0));
    trial.program.verify("in the end");
    trial.writers.have_worked();
}
