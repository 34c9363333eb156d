"""GLPI over its REST API (apirest.php): a session, lists by range, and what belongs to a machine in lists of its own."""
