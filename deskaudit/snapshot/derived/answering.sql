-- The sources that tell of first answers at all: of the others nobody knows whether one was given.
SELECT t.src FROM ticket t WHERE t.first_response_at IS NOT NULL
UNION SELECT e.src FROM event e WHERE e.kind = 'reply' OR (e.kind = 'status' AND e.to_value = 'answered')
UNION SELECT m.src FROM sla_term m WHERE m.measure = 'first_response' AND m.closed_at IS NOT NULL
