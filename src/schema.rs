// The tables, one file for both databases, as Diesel prints them from Postgres (see diesel.toml).
// tests/app/schema.rs fails when either database and this file differ.

diesel::table! {
    accounts (id) {
        id -> Int8,
        name -> Text,
        country -> Text,
        time_zone -> Text,
        plan_id -> Int8,
        shared_host -> Bool,
        seat_limit -> Int4,
        seats_used -> Int4,
        enabled_users -> Int4,
        disabled_users -> Int4,
        owners -> Int4,
        created_at -> Timestamp,
        pending_users -> Int4,
        low_credit_at -> Text,
    }
}

diesel::table! {
    activity (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        at -> Timestamp,
        actor_id -> Nullable<Int8>,
        impersonator_id -> Nullable<Int8>,
        address -> Text,
        action -> Text,
        object_id -> Int8,
        changes -> Text,
    }
}

diesel::table! {
    allocations (account_id, user_id, kind) {
        account_id -> Int8,
        user_id -> Int8,
        kind -> Text,
        allocated -> Int8,
        used -> Int8,
        cycle -> Int4,
    }
}

diesel::table! {
    api_tokens (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        name -> Text,
        token_hash -> Text,
        hint -> Text,
        scope -> Text,
        created_by -> Int8,
        created_at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        revoked_at -> Nullable<Timestamp>,
        form_key -> Nullable<Text>,
    }
}

diesel::table! {
    batch_items (account_id, batch_id, user_id) {
        account_id -> Int8,
        batch_id -> Int8,
        user_id -> Int8,
        refused -> Text,
    }
}

diesel::table! {
    batches (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        actor_id -> Int8,
        address -> Text,
        action -> Text,
        state -> Text,
        heir_id -> Nullable<Int8>,
        total -> Int4,
        done -> Int4,
        unchanged -> Int4,
        refused -> Int4,
        reached -> Int8,
        created_at -> Timestamp,
        changed_at -> Timestamp,
        reason -> Text,
        undone_by -> Nullable<Int8>,
    }
}

diesel::table! {
    companies (account_id, name_key) {
        account_id -> Int8,
        name_key -> Text,
        name -> Text,
        users -> Int4,
    }
}

diesel::table! {
    credentials (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
        password_hash -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    credit_pools (account_id, kind) {
        account_id -> Int8,
        kind -> Text,
        total -> Int8,
        allocated -> Int8,
        used -> Int8,
        erased -> Int8,
        cycle -> Int4,
        cycle_ends_at -> Nullable<Timestamp>,
        cycle_day -> Int4,
        at_cycle_end -> Text,
        cycle_grant -> Int8,
        roll_over_cap -> Int8,
        warned -> Int4,
    }
}

diesel::table! {
    deletions (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
        erase_at -> Timestamp,
    }
}

diesel::table! {
    domains (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        host -> Text,
        status -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    ledger (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        at -> Timestamp,
        kind -> Text,
        entry -> Text,
        user_id -> Nullable<Int8>,
        amount -> Int8,
        balance -> Int8,
        cycle -> Int4,
        actor_id -> Nullable<Int8>,
        impersonator_id -> Nullable<Int8>,
        token_id -> Nullable<Int8>,
        reason -> Text,
        reference -> Text,
        batch_id -> Nullable<Int8>,
        idempotency_key -> Nullable<Text>,
        used_at -> Nullable<Timestamp>,
        day -> Nullable<Date>,
    }
}

diesel::table! {
    operators (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
    }
}

diesel::table! {
    outbox (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        user_id -> Int8,
        kind -> Text,
        sender_name -> Text,
        recipient -> Text,
        subject -> Text,
        body_text -> Text,
        body_html -> Text,
        state -> Text,
        attempts -> Int4,
        next_attempt_at -> Timestamp,
        last_error -> Text,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    person_keys (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
        sealing_key -> Text,
    }
}

diesel::table! {
    plans (id) {
        id -> Int8,
        name -> Text,
        paid -> Bool,
        dialer -> Bool,
        local_presence -> Bool,
        api -> Bool,
        position -> Int4,
    }
}

diesel::table! {
    sessions (key_hash) {
        key_hash -> Text,
        account_id -> Int8,
        user_id -> Int8,
        created_at -> Timestamp,
        last_seen -> Timestamp,
        expires_at -> Timestamp,
        address -> Text,
        device -> Text,
    }
}

diesel::table! {
    setup_links (token_hash) {
        token_hash -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_failures (key_hash) {
        key_hash -> Text,
        failures -> Int4,
        since -> Timestamp,
        last_at -> Timestamp,
    }
}

diesel::table! {
    team_members (account_id, team_id, user_id) {
        account_id -> Int8,
        team_id -> Int8,
        user_id -> Int8,
    }
}

diesel::table! {
    teams (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        name -> Text,
        name_key -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    usage_days (account_id, scope, of_id, kind, day) {
        account_id -> Int8,
        scope -> Text,
        of_id -> Int8,
        kind -> Text,
        day -> Date,
        amount -> Int8,
    }
}

diesel::table! {
    usage_months (account_id, scope, of_id, kind, month) {
        account_id -> Int8,
        scope -> Text,
        of_id -> Int8,
        kind -> Text,
        month -> Date,
        amount -> Int8,
    }
}

diesel::table! {
    user_settings (account_id, user_id) {
        account_id -> Int8,
        user_id -> Int8,
        user_type -> Text,
        job_title -> Text,
        dialer -> Bool,
        local_presence -> Bool,
        use_balance -> Text,
        ext_phone -> Text,
    }
}

diesel::table! {
    users (account_id, id) {
        account_id -> Int8,
        id -> Int8,
        version -> Int4,
        status -> Text,
        role -> Text,
        plan_id -> Int8,
        seat -> Text,
        first_name -> Text,
        last_name -> Text,
        name_key -> Text,
        email -> Text,
        email_key -> Text,
        username -> Text,
        username_key -> Text,
        phone -> Text,
        phone_ext -> Text,
        company -> Text,
        company_key -> Text,
        credits -> Int8,
        last_activity -> Timestamp,
        created_at -> Timestamp,
        search -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    activity,
    allocations,
    api_tokens,
    batch_items,
    batches,
    companies,
    credentials,
    credit_pools,
    deletions,
    domains,
    ledger,
    operators,
    outbox,
    person_keys,
    plans,
    sessions,
    setup_links,
    sign_in_failures,
    team_members,
    teams,
    usage_days,
    usage_months,
    user_settings,
    users,
);
