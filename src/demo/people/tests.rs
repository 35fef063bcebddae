use super::*;
use crate::demo::samples::HARBOURLINE;
use crate::plans::PlanId;
use crate::teams::Team;
use crate::users::User;
use crate::users::form::{Choices, UserForm};
use std::collections::HashSet;

fn plans() -> Vec<Plan> {
    let plan = |(id, name, products): (i64, &str, bool)| Plan {
        id: PlanId(id),
        name: name.into(),
        paid: products,
        dialer: products,
        local_presence: products && name != "Standard",
        api: false,
        position: id as i32,
    };
    [(1, "Free", false), (2, "Standard", true), (3, "Professional", true), (4, "Enterprise", true)].map(plan).into()
}

fn people(size: u32) -> Vec<Person> {
    let teams = [1, 2, 3].map(TeamId);
    Crowd::new(&HARBOURLINE, size, &plans(), &teams, clock::now(), 1).collect()
}

#[test]
fn all_could_have_been_typed_into_the_form() {
    let teams = [1, 2, 3].map(|id| Team { id: TeamId(id), name: String::new() });
    let choices = Choices { plans: &plans(), teams: &teams, country: "US" };
    for person in people(3000) {
        let Person { id, details, created_at, last_activity, .. } = person;
        let user = User { id, version: 1, details, credits: 0, last_activity, created_at };
        if user.details.status == Status::Pending {
            continue; // No form leads there.
        }
        match UserForm::of(&user).parse_edit(&user.details, &choices) {
            Ok(read) => assert_eq!(read, user.details),
            Err(errors) => panic!("{errors:?}: {:?}", user.details),
        }
    }
}

#[test]
fn nobody_signs_in_as_somebody_else() {
    let people = people(20_000);
    let mut seen = HashSet::new();
    for Person { details, .. } in &people {
        let login = if details.email.is_empty() { &details.username } else { &details.email };
        assert!(!login.is_empty() && seen.insert(login.to_lowercase()), "{login}");
        assert!(details.phone_ext.is_empty() || seen.insert(details.phone_ext.clone()));
    }
    assert_eq!(people.len(), 20_000 + PENDING.len());
}

#[test]
fn each_joined_after_the_one_before_and_was_here_after_joining() {
    let people = people(500);
    assert!(people.is_sorted_by_key(|person| person.created_at) && people.is_sorted_by_key(|person| person.id));
    assert!(people.iter().all(|one| !one.has_signed_in() || one.created_at < one.last_activity));
    let new = people.iter().filter(|one| one.is_new);
    assert_eq!(new.filter(|one| !one.has_signed_in() && !one.details.email.is_empty()).count(), 3);
    let half = clock::now() - HISTORY / 2;
    assert!(people.iter().filter(|one| one.created_at > half).count() > 300);
}

#[test]
fn the_same_people_each_time() {
    let names = || people(200).into_iter().map(|one| one.details);
    assert!(names().eq(names()));
    assert_eq!(people(7).iter().map(|one| one.details.role).collect::<Vec<_>>(), Role::ALL);
}
