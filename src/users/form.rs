//! What a person may type of a user. HTML, and later CSV and JSON, all come through [`UserForm::parse`].

use super::check::{check_email, check_name, check_username, phone, phone_or_extension, short};
use super::model::{Details, PayForSeat, Seat, Status, UseBalance, User, UserType};
use super::preset::Preset;
use super::rules;
use crate::access::{Actor, Permission, Role};
use crate::accounts::password_error;
use crate::plans::{Plan, PlanId};
use crate::teams::{Team, TeamId};
use crate::web::form::{Errors, trimmed};
use serde::Deserialize;

/// The form of adding and editing, as typed. Of those that may not be shown (`Option`), an absent one keeps its value;
/// an absent text is empty, and an absent choice is an error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UserForm {
    pub user_type: String,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub phone: String,
    pub phone_ext: String,
    pub job_title: String,
    pub company: String,
    pub role: Option<String>,
    pub plan: String,
    pub status: Option<String>,
    pub dialer: String,
    pub local_presence: String,
    pub use_balance: String,
    pub ext_phone: String,
    pub teams: Vec<String>,
    pub pay_for_seat: String,
    pub package_seat: String,
    pub confirm: String,
    /// Adding: the preset whose button was pressed.
    pub preset: String,
    /// Editing: the version that was read.
    pub version: String,
    /// Editing: the actor's own, to give or take the Owner role.
    pub own_password: String,
    /// The list to come back to: its query string.
    pub back: String,
}

/// What the form is read against.
pub struct Choices<'a> {
    pub plans: &'a [Plan],
    pub teams: &'a [Team],
    /// ISO code: telephone numbers without "+" are read in it.
    pub country: &'a str,
}

const YES: &str = "yes";
const NO: &str = "no";

pub fn yes_no(yes: bool) -> String {
    if yes { YES } else { NO }.to_owned()
}

impl UserForm {
    /// A blank form, with what most new users have.
    pub fn blank(plans: &[Plan]) -> Self {
        UserForm {
            user_type: UserType::Username.code().into(),
            email: Some(String::new()),
            username: Some(String::new()),
            password: Some(String::new()),
            role: Some(Role::Member.code().into()),
            plan: plans.first().map(|plan| plan.id.0.to_string()).unwrap_or_default(),
            status: Some(Status::Enabled.code().into()),
            dialer: NO.into(),
            local_presence: NO.into(),
            use_balance: UseBalance::Company.code().into(),
            pay_for_seat: PayForSeat::Company.code().into(),
            package_seat: YES.into(),
            ..UserForm::default()
        }
    }

    /// Fills in the chosen preset. A dialer needs a plan that has one: the first such, where the chosen plan has none.
    pub fn with_preset(mut self, plans: &[Plan]) -> Self {
        let Some(preset) = Preset::from_code(&self.preset) else { return self };
        let (dialer, pay, package) = preset.settings();
        if dialer
            && !plans.iter().any(|plan| plan.dialer && self.is_plan(plan))
            && let Some(plan) = plans.iter().find(|plan| plan.dialer)
        {
            self.plan = plan.id.0.to_string();
        }
        self.dialer = yes_no(dialer);
        self.pay_for_seat = pay.code().into();
        self.package_seat = yes_no(package);
        self
    }

    /// A saved user, to be edited.
    pub fn of(user: &User) -> Self {
        let details = &user.details;
        let pay = if details.seat == Seat::Direct { PayForSeat::Direct } else { PayForSeat::Company };
        UserForm {
            user_type: details.user_type.code().into(),
            first_name: details.first_name.clone(),
            last_name: details.last_name.clone(),
            email: Some(details.email.clone()),
            username: Some(details.username.clone()),
            password: Some(String::new()),
            phone: details.phone.clone(),
            phone_ext: details.phone_ext.clone(),
            job_title: details.job_title.clone(),
            company: details.company.clone(),
            role: Some(details.role.code().into()),
            plan: details.plan.0.to_string(),
            status: Some(details.status.code().into()),
            dialer: yes_no(details.dialer),
            local_presence: yes_no(details.local_presence),
            use_balance: details.use_balance.code().into(),
            ext_phone: details.ext_phone.clone(),
            teams: details.teams.iter().map(|team| team.0.to_string()).collect(),
            pay_for_seat: pay.code().into(),
            package_seat: yes_no(details.seat == Seat::Package),
            confirm: String::new(),
            preset: String::new(),
            version: user.version.to_string(),
            own_password: String::new(),
            back: String::new(),
        }
    }

    /// Reads a new user.
    pub fn parse(&self, choices: &Choices<'_>) -> Result<Details, Errors> {
        let mut errors = Errors::default();
        let details = self.details(None, choices, &mut errors);
        match self.password.as_deref().unwrap_or_default() {
            "" => errors.add("password", "Enter a password for the new user."),
            password => self.check_password(password, &mut errors),
        }
        if self.confirm.is_empty() {
            errors.add("confirm", "Confirm that the details are correct.");
        }
        if errors.is_empty() { Ok(details) } else { Err(errors) }
    }

    /// Reads an edited user; `current` keeps what was not shown.
    pub fn parse_edit(&self, current: &Details, choices: &Choices<'_>) -> Result<Details, Errors> {
        let mut errors = Errors::default();
        let details = self.details(Some(current), choices, &mut errors);
        match self.password.as_deref().unwrap_or_default() {
            "" => {}
            password => self.check_password(password, &mut errors),
        }
        if errors.is_empty() { Ok(details) } else { Err(errors) }
    }

    /// The new password, where one was typed.
    pub fn new_password(&self) -> Option<String> {
        self.password.clone().filter(|password| !password.is_empty())
    }

    fn check_password(&self, password: &str, errors: &mut Errors) {
        let email = self.email.as_deref().unwrap_or_default();
        let username = self.username.as_deref().unwrap_or_default();
        let known = [self.first_name.as_str(), &self.last_name, email, username, &self.company];
        if let Some(error) = password_error(password, &known) {
            errors.add("password", error);
        }
    }

    fn details(&self, current: Option<&Details>, choices: &Choices<'_>, errors: &mut Errors) -> Details {
        check_name(&self.first_name, &self.last_name, errors);
        let user_type = required(UserType::from_code(&self.user_type), UserType::Username, "user_type", errors);
        let kept = |typed: &Option<String>, now: fn(&Details) -> &String| match typed {
            Some(typed) => trimmed(typed),
            None => current.map(|details| now(details).clone()).unwrap_or_default(),
        };
        let email = kept(&self.email, |details| &details.email);
        let username = kept(&self.username, |details| &details.username);
        self.check_sign_in(user_type, &email, &username, errors);
        let plan = self.plan(choices, errors);
        let (dialer, local_presence) = self.products(plan, errors);
        Details {
            user_type,
            first_name: trimmed(&self.first_name),
            last_name: trimmed(&self.last_name),
            email,
            username,
            phone: phone("phone", &self.phone, choices.country, errors),
            phone_ext: self.extension(errors),
            job_title: short("job_title", &self.job_title, errors),
            company: short("company", &self.company, errors),
            role: self.role(current, errors),
            plan: plan.map_or(PlanId(0), |plan| plan.id),
            status: match &self.status {
                Some(code) => required(Status::chosen(code), Status::Enabled, "status", errors),
                None => current.map_or(Status::Enabled, |details| details.status),
            },
            dialer,
            local_presence,
            use_balance: required(UseBalance::from_code(&self.use_balance), UseBalance::Company, "use_balance", errors),
            ext_phone: phone_or_extension("ext_phone", &self.ext_phone, choices.country, errors),
            seat: self.seat(errors),
            teams: self.teams(choices, errors),
        }
    }

    fn check_sign_in(&self, user_type: UserType, email: &str, username: &str, errors: &mut Errors) {
        if user_type == UserType::Email || !email.is_empty() {
            check_email(email, errors);
        }
        if user_type == UserType::Username && username.is_empty() {
            errors.add("username", "Enter a username.");
        }
        if !username.is_empty() {
            check_username(username, errors);
        }
    }

    fn role(&self, current: Option<&Details>, errors: &mut Errors) -> Role {
        match &self.role {
            Some(code) => match Role::from_code(code) {
                Some(role) => role,
                None => {
                    errors.add("role", "Choose a role from the list.");
                    Role::Member
                }
            },
            None => current.map_or(Role::Member, |details| details.role),
        }
    }

    fn plan<'a>(&self, choices: &Choices<'a>, errors: &mut Errors) -> Option<&'a Plan> {
        let plan = choices.plans.iter().find(|plan| plan.id.0.to_string() == self.plan);
        if plan.is_none() {
            errors.add("plan", "Choose a subscription tier from the list.");
        }
        plan
    }

    /// Dialer and Local Presence, where the plan has them.
    fn products(&self, plan: Option<&Plan>, errors: &mut Errors) -> (bool, bool) {
        let dialer = is_yes("dialer", &self.dialer, errors);
        let local_presence = is_yes("local_presence", &self.local_presence, errors);
        if let Some(plan) = plan {
            let has = rules::products(plan, (dialer, local_presence));
            if dialer && !has.0 {
                errors.add("dialer", format!("The {} tier has no dialer. Choose No, or another tier.", plan.name));
            }
            if local_presence && !has.1 {
                let sentence = format!("The {} tier has no local presence. Choose No, or another tier.", plan.name);
                errors.add("local_presence", sentence);
            }
        }
        (dialer, local_presence)
    }

    /// Who pays decides first: a seat that the user pays for is outside the package.
    fn seat(&self, errors: &mut Errors) -> Seat {
        match PayForSeat::from_code(&self.pay_for_seat) {
            Some(PayForSeat::Direct) => Seat::Direct,
            Some(PayForSeat::Company) if is_yes("package_seat", &self.package_seat, errors) => Seat::Package,
            Some(PayForSeat::Company) => Seat::Card,
            None => {
                errors.add("pay_for_seat", "Choose who pays for the seat.");
                Seat::Package
            }
        }
    }

    fn extension(&self, errors: &mut Errors) -> String {
        let text = trimmed(&self.phone_ext);
        if text.len() > 10 || !text.chars().all(|c| c.is_ascii_digit()) {
            errors.add("phone_ext", "Enter the extension in digits, 10 at most, such as 104.");
        }
        text
    }

    fn teams(&self, choices: &Choices<'_>, errors: &mut Errors) -> Vec<TeamId> {
        let known = |id: &String| choices.teams.iter().find(|team| team.id.0.to_string() == *id).map(|team| team.id);
        let wanted = self.teams.iter().filter(|id| !id.is_empty());
        let found: Option<Vec<TeamId>> = wanted.map(known).collect();
        let Some(mut teams) = found else {
            errors.add("teams", "Choose teams from the list.");
            return vec![];
        };
        teams.sort();
        teams.dedup();
        teams
    }

    pub fn has_team(&self, team: &TeamId) -> bool {
        self.teams.iter().any(|id| *id == team.0.to_string())
    }

    pub fn email(&self) -> &str {
        self.email.as_deref().unwrap_or_default()
    }

    pub fn username(&self) -> &str {
        self.username.as_deref().unwrap_or_default()
    }

    pub fn is_role(&self, role: &Role) -> bool {
        self.role.as_deref() == Some(role.code())
    }

    pub fn is_plan(&self, plan: &Plan) -> bool {
        self.plan == plan.id.0.to_string()
    }

    pub fn is_status(&self, status: &Status) -> bool {
        self.status.as_deref() == Some(status.code())
    }

    /// Whether the actor touched what only *users: set password* or *roles: assign* may: 403, not a message.
    pub fn oversteps(&self, actor: &Actor, current: &Details) -> bool {
        let differs = |typed: &Option<String>, now: &str| typed.as_deref().is_some_and(|typed| typed.trim() != now);
        let sign_in = differs(&self.email, &current.email)
            || differs(&self.username, &current.username)
            || self.new_password().is_some();
        (sign_in && !actor.permissions.has(Permission::SetPasswords))
            || (differs(&self.role, current.role.code()) && !actor.permissions.has(Permission::AssignRoles))
    }
}

/// Nothing chosen, or something else, is an error: a seat or a product is not given by accident.
fn is_yes(field: &'static str, typed: &str, errors: &mut Errors) -> bool {
    if typed != YES && typed != NO {
        errors.add(field, "Choose Yes or No.");
    }
    typed == YES
}

fn required<T>(value: Option<T>, otherwise: T, field: &'static str, errors: &mut Errors) -> T {
    value.unwrap_or_else(|| {
        errors.add(field, "Choose one of the options.");
        otherwise
    })
}

#[cfg(test)]
mod tests;
