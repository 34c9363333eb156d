"""deskaudit: an honest, repeatable audit of an IT help desk."""

__version__ = "0.1.0"
