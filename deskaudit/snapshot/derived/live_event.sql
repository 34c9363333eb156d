-- Events of live tickets, their status as a number in the usual order of states: of two in one second the later in
-- that order comes last. 5 to 8 are the states in which a ticket is not open.
SELECT e.id, e.ticket_id, e.kind, e.actor, e.public, e.agent_id, e.department_id, e.happened_at, b.created_at,
       CASE WHEN e.happened_at > b.created_at THEN e.happened_at ELSE b.created_at END AS counted_at,
       CASE WHEN e.kind <> 'status' THEN NULL ELSE
         CASE e.to_value WHEN 'new' THEN 1 WHEN 'open' THEN 2 WHEN 'answered' THEN 3 WHEN 'postponed' THEN 4
              WHEN 'resolved' THEN 5 WHEN 'closed' THEN 6 WHEN 'deleted' THEN 7 WHEN 'spam' THEN 8 ELSE 0 END
         END AS state
FROM event e
JOIN live_base b ON b.id = e.ticket_id
