-- Tickets that are not deleted, spam, a test or merged away, with their department and calendar.
-- A time before the creation of its ticket is no answer to it and is left out.
SELECT t.id, t.src, t.channel, COALESCE(t.status, 'unknown') AS status, t.type, t.category, t.priority, t.service,
       t.department_id, d.name AS department, t.agent_id, t.contact_id,
       COALESCE(m.calendar_id, k.id, 1) AS calendar_id,
       t.created_at, t.changed_at,
       CASE WHEN t.first_response_at >= t.created_at THEN t.first_response_at END AS first_response_at,
       CASE WHEN t.resolved_at >= t.created_at THEN t.resolved_at END AS resolved_at,
       CASE WHEN t.closed_at >= t.created_at THEN t.closed_at END AS closed_at,
       t.sla_level, t.response_due_at, t.resolve_due_at, t.reply_count, t.reopen_count,
       CASE WHEN COALESCE(t.status, 'unknown') IN ('resolved', 'closed') THEN 0 ELSE 1 END AS is_open
FROM ticket t
LEFT JOIN department d ON d.id = t.department_id
LEFT JOIN calendar_department m ON m.department = LOWER(TRIM(d.name))
LEFT JOIN calendar k ON k.id = d.calendar_id
WHERE COALESCE(t.status, 'unknown') NOT IN ('deleted', 'spam')
  AND t.deleted_at IS NULL AND t.merged_into IS NULL AND COALESCE(t.is_test, 0) = 0
