DROP TABLE operators;
DROP TABLE person_keys;
DROP TABLE credentials;
DROP TABLE user_settings;
DROP TABLE users;
