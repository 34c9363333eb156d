"""The screens, each beside its style sheet."""

from deskaudit.tui.screens.checklist import Checklist
from deskaudit.tui.screens.compare import Compare
from deskaudit.tui.screens.connectorlist import ConnectorList
from deskaudit.tui.screens.entries import Entries
from deskaudit.tui.screens.export import Export
from deskaudit.tui.screens.finding import Finding
from deskaudit.tui.screens.findings import Findings
from deskaudit.tui.screens.form import Form
from deskaudit.tui.screens.help import Help
from deskaudit.tui.screens.matrix import Matrix
from deskaudit.tui.screens.metric import Metric
from deskaudit.tui.screens.overview import Overview
from deskaudit.tui.screens.palette import Palette
from deskaudit.tui.screens.picker import Picker
from deskaudit.tui.screens.registers import EntryForm, RegisterEntries, Registers
from deskaudit.tui.screens.room import Room
from deskaudit.tui.screens.rows import Rows
from deskaudit.tui.screens.run import Run
from deskaudit.tui.screens.sample import RowFacts, SampleRows
from deskaudit.tui.screens.source import SourceDetail
from deskaudit.tui.screens.sourceform import DeskForm, SourceForm
from deskaudit.tui.screens.sources import Sources
from deskaudit.tui.screens.trends import Trends

ROOMS: tuple[type[Room], ...] = (
    Overview, Checklist, Findings, Finding, Rows, Trends, Metric, Compare, Sources, SourceDetail, ConnectorList,
    SourceForm, Form, Entries, DeskForm, SampleRows, RowFacts, Registers, RegisterEntries, EntryForm, Matrix, Run, Export, Help,
    Palette, Picker,
)  # fmt: skip
"""In the order in which their keys are listed."""
