"""What a stack would declare, known without account, plugin or network: its program runs against a recorder."""

from infra.recorder.recording import Recording, Resource
from infra.recorder.run import record
from infra.recorder.schema import Fault

__all__ = ["Fault", "Recording", "Resource", "record"]
