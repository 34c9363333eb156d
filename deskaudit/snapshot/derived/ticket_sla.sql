-- One row per promise on a live ticket: the vendor's own term, else the ticket's due time, else the desk's rule for
-- its level or priority, else the default for P1 to P4. A day is a usual business day of the ticket's calendar. First
-- answers are promised where the source tells of any.
WITH term AS (
  SELECT m.ticket_id, m.measure, m.level, m.started_at, m.due_at, m.closed_at,
         ROW_NUMBER() OVER (PARTITION BY m.ticket_id, m.measure
                            ORDER BY COALESCE(m.started_at, m.due_at) DESC, m.due_at DESC, m.id DESC) AS place
  FROM sla_term m
  WHERE m.due_at IS NOT NULL AND m.measure IN ('first_response', 'resolution')
), rule AS (
  -- Of two rules for one name, the one of the ticket's own source.
  SELECT k.src, LOWER(p.name) AS name, p.response_s, p.resolve_s,
         ROW_NUMBER() OVER (PARTITION BY k.src, LOWER(p.name)
                            ORDER BY CASE WHEN p.src = k.src THEN 0 ELSE 1 END, p.id) AS place
  FROM policy p
  CROSS JOIN (SELECT DISTINCT t.src FROM live_base t) k
  WHERE p.kind = 'sla' AND COALESCE(p.active, 1) = 1 AND p.name IS NOT NULL
), usual AS (
  SELECT k.id AS calendar_id, d.priority, d.measure, d.seconds + d.days * k.day_s AS target
  FROM calendar k
  CROSS JOIN (
    SELECT 'P1' AS priority, 'first_response' AS measure, CAST(3600 AS BIGINT) AS seconds, CAST(0 AS BIGINT) AS days
    UNION ALL SELECT 'P1', 'resolution', 14400, 0
    UNION ALL SELECT 'P2', 'first_response', 14400, 0
    UNION ALL SELECT 'P2', 'resolution', 0, 1
    UNION ALL SELECT 'P3', 'first_response', 28800, 0
    UNION ALL SELECT 'P3', 'resolution', 0, 3
    UNION ALL SELECT 'P4', 'first_response', 0, 1
  ) d
), asked AS (
  SELECT t.id, t.src, t.priority, b.sla_level, t.department, t.calendar_id, t.created_at, t.created_w, w.measure,
         CASE WHEN w.measure = 'resolution' THEN b.resolve_due_at ELSE b.response_due_at END AS own_due_at,
         CASE WHEN w.measure = 'resolution' THEN t.resolved_at ELSE t.first_response_at END AS done_at
  FROM live_ticket t
  JOIN live_base b ON b.id = t.id
  CROSS JOIN (SELECT 'first_response' AS measure UNION ALL SELECT 'resolution') w
  WHERE w.measure = 'resolution' OR t.src IN (SELECT a.src FROM answering a)
), promise AS (
  SELECT a.id, a.src, a.priority, a.sla_level, a.department, a.calendar_id, a.created_at, a.created_w, a.measure,
         CASE WHEN m.ticket_id IS NOT NULL THEN 'vendor' WHEN a.own_due_at IS NOT NULL THEN 'ticket'
              WHEN CASE WHEN a.measure = 'resolution' THEN COALESCE(l.resolve_s, q.resolve_s)
                        ELSE COALESCE(l.response_s, q.response_s) END IS NOT NULL THEN 'policy'
              ELSE 'default' END AS origin,
         COALESCE(m.level, a.sla_level) AS level,
         COALESCE(m.started_at, a.created_at) AS started_at,
         COALESCE(m.due_at, a.own_due_at) AS due_at,
         COALESCE(CASE WHEN a.measure = 'resolution' THEN COALESCE(l.resolve_s, q.resolve_s)
                       ELSE COALESCE(l.response_s, q.response_s) END, u.target) AS target,
         CASE WHEN m.ticket_id IS NOT NULL THEN m.closed_at ELSE a.done_at END AS done_at
  FROM asked a
  LEFT JOIN term m ON m.ticket_id = a.id AND m.measure = a.measure AND m.place = 1
  LEFT JOIN rule l ON l.src = a.src AND l.name = LOWER(a.sla_level) AND l.place = 1
  LEFT JOIN rule q ON q.src = a.src AND q.name = LOWER(a.priority) AND q.place = 1
  LEFT JOIN usual u ON u.calendar_id = a.calendar_id AND u.priority = a.priority AND u.measure = a.measure
), pause AS (
  -- A pause moves the due time of a solution if the time was not used up when it began.
  SELECT s.ticket_id, s.started_w,
         COALESCE(s.ended_w, n.cum + n.is_open * (o.now_at - n.slot_at)) - s.started_w AS length_w,
         CAST(COALESCE(SUM(s.ended_w - s.started_w) OVER (PARTITION BY s.ticket_id ORDER BY s.seq
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS BIGINT) AS earlier_w
  FROM status_span s
  JOIN live_base b ON b.id = s.ticket_id
  CROSS JOIN pulled o
  LEFT JOIN clock n ON n.calendar_id = b.calendar_id AND n.slot_at = o.now_at - o.now_at % 900
  WHERE s.status = 'postponed'
), moved AS (
  SELECT p.id, CAST(SUM(z.length_w) AS BIGINT) AS pause_w
  FROM promise p
  JOIN pause z ON z.ticket_id = p.id
  WHERE p.measure = 'resolution' AND p.due_at IS NULL AND z.started_w - p.created_w - z.earlier_w < p.target
  GROUP BY p.id
), due AS (
  SELECT p.id, p.src, p.priority, p.level, p.department, p.calendar_id, p.measure, p.origin, p.started_at, p.done_at,
         p.due_at, CASE WHEN p.due_at IS NULL
           THEN p.created_w + p.target + CASE WHEN p.measure = 'resolution' THEN COALESCE(v.pause_w, 0) ELSE 0 END
           END AS due_w
  FROM promise p
  LEFT JOIN moved v ON v.id = p.id
  WHERE p.due_at IS NOT NULL OR p.target IS NOT NULL
), told AS (
  SELECT d.id, d.src, d.priority, d.level, d.department, d.calendar_id, d.measure, d.origin, d.started_at, d.done_at,
         COALESCE(d.due_at, c.slot_at + d.due_w % 900) AS due_at
  FROM due d
  LEFT JOIN clock c ON c.calendar_id = d.calendar_id AND c.is_open = 1 AND c.cum = d.due_w - d.due_w % 900
)
SELECT CASE WHEN t.measure = 'resolution' THEN 9223372036854775807 - t.id ELSE t.id END AS id,
       t.id AS ticket_id, t.src, t.measure, t.priority, t.level AS sla_level, t.department, t.calendar_id, t.origin,
       t.started_at, CAST(b.cum + b.is_open * (t.started_at - b.slot_at) AS BIGINT) AS started_w,
       CAST(t.due_at AS BIGINT) AS due_at,
       CAST(d.cum + d.is_open * (t.due_at - d.slot_at) AS BIGINT) AS due_w, t.done_at,
       CAST(e.cum + e.is_open * (t.done_at - e.slot_at) - d.cum - d.is_open * (t.due_at - d.slot_at) AS BIGINT) AS overrun_w
FROM told t
LEFT JOIN clock b ON b.calendar_id = t.calendar_id AND b.slot_at = t.started_at - t.started_at % 900
LEFT JOIN clock d ON d.calendar_id = t.calendar_id AND d.slot_at = t.due_at - t.due_at % 900
LEFT JOIN clock e ON e.calendar_id = t.calendar_id AND e.slot_at = t.done_at - t.done_at % 900
WHERE t.due_at IS NOT NULL
