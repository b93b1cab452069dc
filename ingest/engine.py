"""From texts to vectors, on all that there is to compute with: the cores of this machine, its GPU, or a Ray cluster.

Batches of texts go in, the vectors of each come out in the same order, whichever engine makes them. An engine reads no
more than a few batches ahead of what it has given, but for Ray, which is handed all of them and keeps them on disk.
"""

import logging
import os
import secrets
import socket
import tempfile
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from shanghai_qa.embedding import Encoder, Vectors, gpu_wanted
from shanghai_qa.errors import SettingsError, ShanghaiQAError

if TYPE_CHECKING:
    import pyarrow

_AHEAD = 2  # batches that wait for each worker, so that none waits for a batch
_OBJECT_STORE_BYTES = 1 << 30  # of a Ray that we start; what is more goes to disk


class Engine(Protocol):
    """What embeds the texts of an ingest."""

    def encode(self, batches: Iterable[Sequence[str]]) -> Iterator[Vectors]:
        """For each batch, in order: float32, shape (len(batch), dimension), rows of unit length, in its order.

        A few hundred texts a batch do best: texts of like length are taken together within one.
        """


class Local:
    """This machine: `workers` threads, by default one a core, or the GPU if `encoder` was opened for one."""

    def __init__(self, encoder: Encoder, workers: int | None = None) -> None:
        self._encoder = encoder
        self._workers = workers or os.cpu_count() or 1

    def encode(self, batches: Iterable[Sequence[str]]) -> Generator[Vectors, None, None]:
        """See `Engine`; at most `_AHEAD + 1` batches a worker are read and not yet given."""
        pool = ThreadPoolExecutor(self._workers)
        waiting: deque[Future[Vectors]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(self._encoder.encode, batch))
                if len(waiting) > _AHEAD * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class Ray:
    """A Ray cluster: the one at `address`, or one that is started on this machine and ended again.

    Each of `workers` processes, by default one a core or GPU of the cluster, gets the files of the encoder in `folder`
    and needs nothing else but an install of this program. One that dies is started again, and nothing is lost.
    SettingsError where Ray is not installed.
    """

    def __init__(self, folder: Path, address: str | None = None, workers: int | None = None) -> None:
        if not find_spec("ray"):
            raise SettingsError("Ray is not installed; install it with: pip install 'shanghai-qa[ray]'")
        self._folder = folder
        self._address = address
        self._workers = workers

    def encode(self, batches: Iterable[Sequence[str]]) -> Generator[Vectors, None, None]:
        """See `Engine`; all of `batches` are read before the first is given.

        They wait in Ray's object store on this machine, which moves to disk what is more than it may hold in memory.
        ShanghaiQAError where the cluster cannot be reached or fails.
        """
        batches = iter(batches)
        first = next(batches, None)
        if first is None:  # no cluster for nothing
            return
        _prepare(self._address)
        import pyarrow
        import ray

        with self._cluster():
            files = ray.put({path.name: path.read_bytes() for path in self._folder.iterdir()})
            blocks = [ray.put(pyarrow.table({"texts": [list(batch)]})) for batch in chain([first], batches)]
            for row in self._plan(files, blocks).iter_rows():
                yield np.frombuffer(row["vectors"], np.float32).reshape(-1, row["dimension"])

    def _plan(self, files: Any, blocks: list[Any]) -> Any:
        import ray.data

        there = ray.cluster_resources()  # type: ignore[no-untyped-call]
        gpus = int(there.get("GPU", 0)) if gpu_wanted() else 0
        workers = min(self._workers or gpus or int(there["CPU"]), len(blocks))
        return ray.data.from_arrow_refs(blocks).map_batches(
            _Worker,
            fn_constructor_args=(files,),
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=0 if gpus else 1,
            num_gpus=1 if gpus else 0,
        )

    @contextmanager
    def _cluster(self) -> Iterator[None]:
        import ray.data

        if self._address:
            where: dict[str, Any] = {"address": self._address}
        else:
            where = {
                "address": "local",
                "include_dashboard": False,
                "num_cpus": self._workers,
                "object_store_memory": _OBJECT_STORE_BYTES,
            }
        try:
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what it has to say comes as an error, too
            context = ray.data.DataContext.get_current()
            context.execution_options.preserve_order = True
            context.enable_progress_bars = context.print_on_execution_start = False
            yield
        except ConnectionError as error:
            raise _unreachable(self._address) from error
        except ray.exceptions.RayError as error:
            raise ShanghaiQAError(f"Ray failed: {str(error).splitlines()[-1]}") from error
        finally:
            ray.shutdown()


def _prepare(address: str | None) -> None:
    """To be called before Ray is imported, which reads these variables then.

    ShanghaiQAError unless something listens at `address`, if it is given: Ray itself takes minutes to say so.
    """
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
    if address is None:  # a cluster of our own, which would listen to the whole network and keep its token in HOME
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, ValueError) as error:
        raise _unreachable(address) from error


def _unreachable(address: str | None) -> ShanghaiQAError:
    way_out = "start one with: ray start --head; if it wants a token, set RAY_AUTH_MODE=token"
    return ShanghaiQAError(f"no Ray cluster answers at {address!r}, expected host:port; {way_out}")


class _Worker:
    """An encoder in a process of its own, on whatever machine."""

    def __init__(self, files: Any) -> None:
        import ray

        with tempfile.TemporaryDirectory() as folder:
            for name, data in ray.get(files).items():
                (Path(folder) / name).write_bytes(data)
            self._encoder = Encoder.open(Path(folder), gpu=True)

    def __call__(self, batches: "pyarrow.Table") -> "pyarrow.Table":
        import pyarrow

        vectors = [self._encoder.encode(batch) for batch in batches["texts"].to_pylist()]
        return pyarrow.table(
            {"vectors": [some.tobytes() for some in vectors], "dimension": [some.shape[1] for some in vectors]}
        )
