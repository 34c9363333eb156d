-- What people call a ticket, in the order of the ids: twenty of a million are found without reading all their titles.
SELECT t.id, t.src, COALESCE(t.code, t.ext_id) AS ref, t.title, t.url
FROM ticket t
ORDER BY t.id
