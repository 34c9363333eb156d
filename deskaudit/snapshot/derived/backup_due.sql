-- How each due backup went: as the last run in its time, or in silence.
SELECT d.id, d.job_id, d.due_at, d.until_at, d.run_id,
       CASE WHEN d.run_id IS NOT NULL THEN r.state WHEN d.until_at <= o.now_at THEN 'silent' ELSE 'pending' END AS state
FROM due_backup d
CROSS JOIN pulled o
LEFT JOIN backup_run r ON r.id = d.run_id
