DROP TABLE companies;
DROP TABLE domains;
DROP TABLE accounts;
DROP TABLE plans;
