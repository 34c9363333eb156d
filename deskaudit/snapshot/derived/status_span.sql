-- The states of each live ticket in time.
-- step 0 is its creation, step 1 what happened to it, step 2 what it is now: added only where the events end otherwise.
-- LAST_VALUE IGNORE NULLS is not in every engine; there it is MAX over the groups that a running COUNT makes.
WITH happened AS (
  SELECT e.ticket_id, e.counted_at, e.state, e.agent_id, e.department_id, e.id
  FROM live_event e
  WHERE e.state IS NOT NULL
     OR e.kind IN ('assign', 'transfer', 'escalate') AND (e.agent_id IS NOT NULL OR e.department_id IS NOT NULL)
), known AS (
  SELECT h.ticket_id, MAX(h.counted_at) AS last_at, MAX(h.counted_at * 16 + h.state) AS last_state,
         COUNT(h.agent_id) AS agents, COUNT(h.department_id) AS departments
  FROM happened h
  GROUP BY h.ticket_id
), ticket AS (
  SELECT b.id, b.created_at, b.changed_at, b.resolved_at, b.closed_at, b.is_open, b.agent_id, b.department_id,
         CASE b.status WHEN 'new' THEN 1 WHEN 'open' THEN 2 WHEN 'answered' THEN 3 WHEN 'postponed' THEN 4
              WHEN 'resolved' THEN 5 WHEN 'closed' THEN 6 ELSE 0 END AS state,
         k.last_at, k.last_state - k.last_state % 16 AS last_state_at, k.last_state % 16 AS last_state,
         COALESCE(k.agents, 0) AS agents, COALESCE(k.departments, 0) AS departments
  FROM live_base b
  LEFT JOIN known k ON k.ticket_id = b.id
  WHERE b.created_at IS NOT NULL
), change AS (
  SELECT t.id AS ticket_id, t.created_at AS changed_at, 0 AS step,
         CASE WHEN t.last_state_at IS NOT NULL THEN 1 WHEN t.is_open = 0 THEN 2 ELSE t.state END AS state,
         CASE WHEN t.agents = 0 THEN t.agent_id END AS agent_id,
         CASE WHEN t.departments = 0 THEN t.department_id END AS department_id, CAST(0 AS BIGINT) AS event_id
  FROM ticket t
  UNION ALL
  SELECT h.ticket_id, h.counted_at AS changed_at, 1 AS step, h.state, h.agent_id, h.department_id, h.id AS event_id
  FROM happened h
  WHERE h.counted_at IS NOT NULL
  UNION ALL
  SELECT t.id AS ticket_id,
         CASE WHEN t.last_at > u.since_at THEN t.last_at ELSE u.since_at END AS changed_at, 2 AS step,
         CASE WHEN t.is_open = 0 AND t.last_state_at IS NULL THEN 5 ELSE t.state END AS state,
         t.agent_id, t.department_id, CAST(0 AS BIGINT) AS event_id
  FROM ticket t
  JOIN (
    SELECT b.id, CASE WHEN b.is_open = 1 THEN COALESCE(b.changed_at, b.created_at)
                      ELSE COALESCE(b.resolved_at, b.closed_at, b.changed_at, b.created_at) END AS since_at
    FROM live_base b
  ) u ON u.id = t.id
  WHERE t.is_open <> CASE WHEN t.last_state BETWEEN 5 AND 8 THEN 0 ELSE 1 END
), carried AS (
  SELECT c.ticket_id, c.changed_at, LEAD(c.changed_at) OVER in_time AS next_at,
         LAST_VALUE(c.state IGNORE NULLS) OVER so_far AS state,
         LAST_VALUE(c.agent_id IGNORE NULLS) OVER so_far AS agent_id,
         LAST_VALUE(c.department_id IGNORE NULLS) OVER so_far AS department_id
  FROM change c
  WINDOW in_time AS (PARTITION BY c.ticket_id ORDER BY c.changed_at, c.step, c.state NULLS FIRST, c.event_id),
         so_far AS (PARTITION BY c.ticket_id ORDER BY c.changed_at, c.step, c.state NULLS FIRST, c.event_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), lasting AS (
  SELECT s.ticket_id, s.changed_at, s.state, s.agent_id, s.department_id,
         LAG(s.state) OVER in_time AS last_state, LAG(s.agent_id) OVER in_time AS last_agent_id,
         LAG(s.department_id) OVER in_time AS last_department_id
  FROM carried s
  WHERE s.next_at IS NULL OR s.next_at > s.changed_at
  WINDOW in_time AS (PARTITION BY s.ticket_id ORDER BY s.changed_at)
), begun AS (
  SELECT l.ticket_id, l.state, l.agent_id, l.department_id, l.changed_at AS started_at
  FROM lasting l
  WHERE l.last_state IS NULL OR l.state <> l.last_state
     OR COALESCE(l.agent_id, 0) <> COALESCE(l.last_agent_id, 0)
     OR COALESCE(l.department_id, 0) <> COALESCE(l.last_department_id, 0)
), span AS (
  SELECT g.ticket_id, g.state, g.agent_id, g.department_id, g.started_at, LEAD(g.started_at) OVER in_time AS ended_at,
         LEAD(g.state) OVER in_time AS next_state, ROW_NUMBER() OVER in_time AS seq
  FROM begun g
  WINDOW in_time AS (PARTITION BY g.ticket_id ORDER BY g.started_at)
)
SELECT s.ticket_id, b.src, n.name AS status, CAST(CASE WHEN s.state IN (1, 2) THEN 1 ELSE 0 END AS BIGINT) AS on_desk,
       s.agent_id, s.department_id, s.started_at, s.ended_at,
       CAST(c.cum + c.is_open * (s.started_at - c.slot_at) AS BIGINT) AS started_w,
       CAST(e.cum + e.is_open * (s.ended_at - e.slot_at) AS BIGINT) AS ended_w,
       m.name AS next_status, s.seq
FROM span s
JOIN live_base b ON b.id = s.ticket_id
JOIN state_name n ON n.state = s.state
LEFT JOIN state_name m ON m.state = s.next_state
LEFT JOIN clock c ON c.calendar_id = b.calendar_id AND c.slot_at = s.started_at - s.started_at % 900
LEFT JOIN clock e ON e.calendar_id = b.calendar_id AND e.slot_at = s.ended_at - s.ended_at % 900
