-- One row per live ticket, with what its events say.
WITH told AS (
  SELECT e.ticket_id,
         MIN(CASE WHEN e.kind = 'reply' AND e.actor = 'agent' AND COALESCE(e.public, 1) = 1
                   AND e.happened_at >= e.created_at THEN e.happened_at END) AS first_reply_at,
         MIN(CASE WHEN e.state = 3 AND e.happened_at >= e.created_at THEN e.happened_at END) AS first_answered_at,
         MIN(CASE WHEN e.agent_id IS NOT NULL AND e.kind IN ('assign', 'status', 'transfer', 'escalate')
             THEN e.counted_at END) AS first_owned_at,
         MIN(CASE WHEN e.kind = 'escalate' THEN e.counted_at END) AS first_escalated_at,
         MAX(e.happened_at) AS last_event_at,
         SUM(CASE WHEN e.kind = 'transfer' THEN 1 ELSE 0 END) AS transfers,
         SUM(CASE WHEN e.kind = 'reply' AND e.actor = 'agent' AND COALESCE(e.public, 1) = 1 THEN 1 ELSE 0 END) AS replies,
         SUM(CASE WHEN e.state IN (5, 6) THEN 1 ELSE 0 END) AS resolutions
  FROM live_event e
  GROUP BY e.ticket_id
), turn AS (
  SELECT s.ticket_id, s.status, s.started_at, LAG(s.status) OVER (PARTITION BY s.ticket_id ORDER BY s.seq) AS last_status,
         LAST_VALUE(CASE WHEN s.status IN ('new', 'open', 'resolved', 'closed') THEN s.status END IGNORE NULLS)
           OVER (PARTITION BY s.ticket_id ORDER BY s.seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_turn
  FROM status_span s
), turned AS (
  SELECT u.ticket_id,
         MIN(CASE WHEN u.status IN ('resolved', 'closed') THEN u.started_at END) AS first_resolved_at,
         MAX(CASE WHEN u.status IN ('resolved', 'closed') AND COALESCE(u.last_status, 'new') NOT IN ('resolved', 'closed')
             THEN u.started_at END) AS last_resolved_at,
         MIN(CASE WHEN u.status IN ('new', 'open') AND u.last_turn IN ('resolved', 'closed') THEN u.started_at END)
           AS reopened_at,
         SUM(CASE WHEN u.status IN ('new', 'open') AND u.last_turn IN ('resolved', 'closed') THEN 1 ELSE 0 END)
           AS reopenings
  FROM turn u
  GROUP BY u.ticket_id
), promised AS (
  SELECT DISTINCT m.ticket_id FROM sla_term m
), gathered AS (
  SELECT b.id, b.src, b.channel, b.status, b.type, b.category, b.priority, b.service, b.department_id, b.department,
         b.agent_id, b.contact_id, b.calendar_id, b.created_at, b.changed_at,
         COALESCE(b.first_response_at, e.first_reply_at, e.first_answered_at) AS first_response_at,
         CASE WHEN e.first_owned_at IS NOT NULL THEN e.first_owned_at
              WHEN b.agent_id IS NOT NULL AND y.tells_owner = 1 THEN b.created_at END AS assigned_at,
         CASE WHEN b.is_open = 1 THEN NULL
              ELSE COALESCE(b.resolved_at, CASE WHEN e.resolutions > 0 THEN u.last_resolved_at END, b.closed_at) END
           AS resolved_at,
         b.closed_at,
         CASE WHEN y.src IS NULL AND b.changed_at > b.created_at THEN b.changed_at
              WHEN e.last_event_at > b.created_at THEN e.last_event_at ELSE b.created_at END AS last_activity_at,
         b.is_open,
         CASE WHEN y.tells_transfers = 1 THEN COALESCE(e.transfers, 0) END AS transfer_count,
         COALESCE(b.reply_count, CASE WHEN y.tells_replies = 1 THEN COALESCE(e.replies, 0) END) AS reply_count,
         COALESCE(CASE WHEN e.resolutions > 0 THEN u.first_resolved_at END, b.resolved_at) AS first_resolved_at,
         CASE WHEN e.resolutions > 0 THEN u.reopened_at END AS reopened_at,
         COALESCE(b.reopen_count,
                  CASE WHEN y.tells_status = 1 THEN CASE WHEN e.resolutions > 0 THEN u.reopenings ELSE 0 END END)
           AS reopen_count,
         e.first_escalated_at,
         CASE WHEN b.sla_level IS NOT NULL OR b.response_due_at IS NOT NULL OR b.resolve_due_at IS NOT NULL
                   OR p.ticket_id IS NOT NULL THEN 1 ELSE 0 END AS has_sla
  FROM live_base b
  LEFT JOIN told e ON e.ticket_id = b.id
  LEFT JOIN teller y ON y.src = b.src
  LEFT JOIN turned u ON u.ticket_id = b.id
  LEFT JOIN promised p ON p.ticket_id = b.id
)
SELECT g.id, g.src, g.channel, g.status, g.type, g.category, g.priority, g.service, g.department_id, g.department,
       g.agent_id, g.contact_id, g.calendar_id, g.created_at,
       CAST(c.cum + c.is_open * (g.created_at - c.slot_at) AS BIGINT) AS created_w,
       g.changed_at, g.first_response_at,
       CAST(f.cum + f.is_open * (g.first_response_at - f.slot_at) AS BIGINT) AS first_response_w,
       g.assigned_at, g.resolved_at,
       CAST(r.cum + r.is_open * (g.resolved_at - r.slot_at) AS BIGINT) AS resolved_w,
       g.closed_at, g.last_activity_at,
       CAST(a.cum + a.is_open * (g.last_activity_at - a.slot_at) AS BIGINT) AS last_activity_w,
       CAST(g.is_open AS BIGINT) AS is_open, CAST(g.transfer_count AS BIGINT) AS transfer_count,
       CAST(g.reply_count AS BIGINT) AS reply_count, g.first_resolved_at, g.reopened_at,
       CAST(g.reopen_count AS BIGINT) AS reopen_count, g.first_escalated_at, CAST(g.has_sla AS BIGINT) AS has_sla
FROM gathered g
LEFT JOIN clock c ON c.calendar_id = g.calendar_id AND c.slot_at = g.created_at - g.created_at % 900
LEFT JOIN clock f ON f.calendar_id = g.calendar_id AND f.slot_at = g.first_response_at - g.first_response_at % 900
LEFT JOIN clock r ON r.calendar_id = g.calendar_id AND r.slot_at = g.resolved_at - g.resolved_at % 900
LEFT JOIN clock a ON a.calendar_id = g.calendar_id AND a.slot_at = g.last_activity_at - g.last_activity_at % 900
