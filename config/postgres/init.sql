-- Run once by the postgres image, when its volume is empty, as its superuser.
-- Concord's role owns its database and nothing else; the superuser can't log in over the network.

\getenv password POSTGRES_PASSWORD
CREATE ROLE concord LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE concord OWNER concord;
REVOKE ALL ON DATABASE concord, postgres, template1 FROM PUBLIC;
ALTER ROLE CURRENT_USER PASSWORD NULL;
