-- A log as it looks after 90 days: skewed, in several languages, made by the database itself.
-- log_rows.py says what is what, and puts the values in for the names that follow a colon.

CREATE TEMP TABLE log_company AS
SELECT k, name, lower(regexp_replace(name, '[^A-Za-z]+', '', 'g')) || k || '.example' AS host,
    '0015g00000' || substr(md5('remote' || k), 1, 8) AS remote_id, md5('object' || k)::uuid AS object_id,
    (:cities)[1 + k % 12] AS city, '+1 ' || 200 + k % 700 || ' 555 ' || lpad((k % 9973)::text, 4, '0') AS phone
FROM (
    SELECT k, CASE WHEN k % 25 = 0 THEN (:others)[1 + k / 25 % 6] || ' ' || k
        ELSE (:first)[1 + k % 55] || ' ' || (:second)[1 + k / 55 % 42] || ' '
            || (:forms)[1 + k / 2310 % 6] END AS name
    FROM generate_series(0, :companies - 1) AS k
) AS named;
CREATE UNIQUE INDEX ON log_company (k);
ANALYZE log_company;

CREATE TEMP TABLE log_day AS
WITH weighed AS (
    SELECT ago, CASE WHEN ago = :backlog THEN 9.0 WHEN extract(isodow FROM now() - ago * interval '1 day') > 5
        THEN 0.17 ELSE 1.0 END AS weight
    FROM generate_series(1, :days) AS ago
), summed AS (
    SELECT ago, sum(weight) OVER (ORDER BY ago DESC) - weight AS before, weight, sum(weight) OVER () AS whole
    FROM weighed
)
SELECT ago, (before / whole * :rows)::bigint + 1 AS first, ((before + weight) / whole * :rows)::bigint AS last
FROM summed;

INSERT INTO synclog_entry (
    level, action_type, message, endpoint, description, login_user, logged_at, run, connection_id,
    connection_name, entity, object_id, object_name, remote_id, remote_url, direction, outcome, code, changes,
    errors, attempt, duration_ms, http_status, request, answer, search
)
SELECT CASE WHEN outcome IN ('rejected', 'conflict') THEN 'ERROR' WHEN outcome = 'transient' THEN 'WARNING'
        WHEN action = 'connection' AND i % 9 = 0 THEN 'WARNING' ELSE 'INFO' END,
    action, pairs,
    CASE WHEN is_record THEN 'https://acme.my.salesforce.com/services/data/v64.0/composite/sobjects/Account/Concord_Id__c'
        ELSE '' END,
    sentence, CASE WHEN i % 11 = 0 THEN 'olga' ELSE 'automatic' END, logged_at, run, conn, conn_name,
    CASE WHEN is_record THEN 'company' ELSE '' END, CASE WHEN is_record THEN object_id END,
    CASE WHEN is_record THEN name ELSE '' END, CASE WHEN is_record THEN remote_id ELSE '' END,
    CASE WHEN is_record THEN 'https://acme.my.salesforce.com/lightning/r/Account/' || remote_id || '/view' ELSE '' END,
    CASE WHEN is_record THEN 'out' ELSE '' END, outcome, code,
    CASE outcome WHEN 'updated' THEN jsonb_build_object('Phone', jsonb_build_array('+1 415 555 0000', phone))
        WHEN 'created' THEN jsonb_build_object('Phone', jsonb_build_array(NULL, phone), 'Email',
            jsonb_build_array(NULL, 'office@' || host), 'Company Name', jsonb_build_array(NULL, name), 'Billing City',
            jsonb_build_array(NULL, city), 'Shipping City', jsonb_build_array(NULL, city), 'Billing Street',
            jsonb_build_array(NULL, '1 Market Street'), 'Legal Name', jsonb_build_array(NULL, name))
        ELSE '{}' END,
    '{}', 1, 100 + i % 900, 200,
    CASE WHEN outcome IN ('created', 'updated') THEN '{"Concord_Id__c": "' || object_id || '", "Phone": "' || phone || '"'
        || CASE outcome WHEN 'created' THEN ', "Name": "' || name || '", "Website": "https://' || host || '", '
            || '"BillingStreet": "1 Market Street", "BillingCity": "' || city || '", "BillingCountryCode": "US", '
            || '"ShippingStreet": "1 Market Street", "ShippingCity": "' || city || '", "ShippingCountryCode": "US", '
            || '"Concord_Email__c": "office@' || host || '", "Concord_Status__c": "Active"' ELSE '' END || '}' ELSE '' END,
    CASE WHEN is_record THEN '{"id": "' || remote_id || '", "success": true, "errors": []}' ELSE '' END,
    left(lower(concat_ws(' ', sentence, nullif(pairs, ''), CASE WHEN is_record THEN name || ' office@' || host
        || ' ' || remote_id END, nullif(code, ''))), 4000)
FROM (
    SELECT drawn.*, log_company.*,
        CASE WHEN i IN (:rare) THEN name || ' updated in Salesforce: Shipping Street Zanzibar Quay 7.'
            WHEN action = 'bearer_token' THEN 'The login was renewed; the access token is good for two hours.'
            WHEN action = 'connection' THEN conn_name || ' was tested: every check passed.'
            WHEN outcome = 'created' THEN name || ' created in ' || conn_name || ' as ' || remote_id || '.'
            WHEN outcome = 'updated' THEN name || ' updated in ' || conn_name || ': Phone.'
            WHEN outcome = 'rejected' AND ago = :refused THEN name || ' was not sent to ' || conn_name
                || ': Bad value for restricted picklist field: Industry'
            WHEN outcome = 'rejected' THEN name || ' was not sent to ' || conn_name
                || ': Legal Name is too long, shorten it by ' || 1 + i % 60 || '.'
            WHEN outcome = 'transient' THEN name || ' was not taken yet by ' || conn_name || ': no answer within 60 s.'
            WHEN outcome = 'conflict' THEN name || ' needs your choice: two accounts have this name.'
            ELSE name || ' was not sent to ' || conn_name || ': it is not enabled.' END AS sentence,
        CASE outcome WHEN 'updated' THEN 'Phone ' || phone WHEN 'created' THEN concat_ws(', ', 'Company Name ' || name,
            'Phone ' || phone, 'Website https://' || host, 'Billing Street 1 Market Street', 'Billing City ' || city,
            'Billing State or Province CA', 'Billing Postal Code 94105', 'Billing Country US', 'Shipping Street 1 Market Street',
            'Shipping City ' || city, 'Shipping State or Province CA', 'Shipping Postal Code 94105', 'Shipping Country US',
            'Email office@' || host, 'Legal Name ' || name, 'Status Active') ELSE '' END AS pairs,
        CASE outcome WHEN 'rejected' THEN CASE WHEN ago = :refused THEN 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST'
            ELSE 'STRING_TOO_LONG' END WHEN 'conflict' THEN 'conflict' ELSE '' END AS code
    FROM (
        SELECT *, action NOT IN ('bearer_token', 'connection') AS is_record,
            CASE conn WHEN 1 THEN 'Salesforce' WHEN 2 THEN 'Better B2B' ELSE 'Old Org' END AS conn_name,
            CASE WHEN action IN ('bearer_token', 'connection') THEN ''
                WHEN ago = :hung AND r3 < 0.7 THEN 'transient' WHEN ago = :refused AND r3 < 0.5 THEN 'rejected'
                WHEN r3 < 0.62 THEN 'updated' WHEN r3 < 0.93 THEN 'created' WHEN r3 < 0.955 THEN 'rejected'
                WHEN r3 < 0.985 THEN 'transient' WHEN r3 < 0.988 THEN 'conflict' ELSE 'skipped' END AS outcome
        FROM (
            SELECT i, ago, r3, floor(:companies * r4 * r4)::int AS key,
                CASE WHEN ago >= :ended AND r1 > 0.9 THEN 3 WHEN r1 < 0.7 THEN 1 ELSE 2 END AS conn,
                CASE WHEN r2 < 0.5 THEN 'customer_contact' WHEN r2 < 0.8 THEN 'customer_sync' WHEN r2 < 0.96
                    THEN 'customer_location' WHEN r2 < 0.985 THEN 'bearer_token' ELSE 'connection' END AS action,
                at AS logged_at,
                CASE WHEN ago = :backlog THEN :backlog_run
                    ELSE md5('run' || (extract(epoch FROM at)::bigint / 3600) || (r1 < 0.7))::uuid END AS run
            FROM (
                SELECT i, ago, random() AS r1, random() AS r2, random() AS r3, random() AS r4,
                    now() - ago * interval '1 day' + (i - first) * interval '1 day' / (last - first + 1) AS at
                FROM log_day AS days, generate_series(first, last) AS i
            ) AS timed
        ) AS split
    ) AS drawn JOIN log_company ON k = key
) AS told;

INSERT INTO synclog_run (
    id, kind, label, connection_id, connection_name, entity, user_name, requested, started_at, created, updated,
    unchanged, skipped, rejected, conflict, calls, cancelled_by, withdrawn
)
SELECT run, 'automatic', 'Automatic', min(connection_id), min(connection_name), '', '', count(*), min(logged_at),
    0, count(*), 0, 0, 0, 0, 1, '', 0
FROM synclog_entry GROUP BY run;
