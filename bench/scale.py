"""How ingest and questions grow with a made-up corpus, and beside them the pipeline of a tutorial.

Run with `make bench`, or alone, as `python bench/scale.py --sizes 1000000`. Prints a table and judges nothing: on a
busy machine trust the ratios. Each step is measured in a process of its own, ingests on all cores, questions on one.
The bare models are timed right before and after the ingest, on the first texts that it embeds. The tutorial's pipeline
has nothing set: RecursiveCharacterTextSplitter, HuggingFaceEmbeddings, Chroma.from_documents, the top four; it needs
the extra `bench`.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.made_up import Question, records, write

PROGRAM = Path(sys.executable).with_name("shanghai-qa")
ASKED = 60  # questions of each corpus
SAMPLE = 500  # passages whose texts the bare models are timed on
COLD_STARTS = 3
INGEST, OURS, BARE, WARM = "ingest", "our encoder alone", "sentence-transformers alone", "warm question"
SIZES = "1000,10000,100000"

Figures = dict[str, float]
"""What was measured, by name; the name ends in the unit."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default=SIZES, help=f"numbers of passages; {SIZES} unless given")
    parser.add_argument("--tutorial-up-to", type=int, default=10_000, help="largest size for the tutorial's pipeline")
    arguments = parser.parse_args()
    columns: dict[str, Figures] = {}
    for passages in map(int, arguments.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            columns[f"{passages:,} passages"] = measured(Path(folder), passages, passages <= arguments.tutorial_up_to)
        Console().print(table(columns))


def measured(folder: Path, passages: int, tutorial: bool) -> Figures:
    """All figures for a corpus of so many passages; `folder` is empty."""
    (folder / "corpus").mkdir()
    questions = write(folder / "corpus", passages)
    asked = questions[:: max(1, len(questions) // ASKED)][:ASKED]
    (folder / "questions.json").write_text(json.dumps([[one.text, one.document] for one in asked]), encoding="utf-8")
    (folder / "sample").mkdir()
    write(folder / "sample", min(passages, SAMPLE))
    apart(prepare_encoder, folder)
    before, figures, after = apart(bare, folder), apart(ingest, folder), apart(bare, folder)
    alone = {name: statistics.mean([before[name], after[name]]) for name in before}
    rate = figures[f"{INGEST}, texts/s"]
    figures |= alone | {f"{INGEST} / {name.split(',')[0]}": rate / value for name, value in alone.items()}
    figures |= apart(ask, folder, "1") | apart(start, folder, "1")
    if tutorial:
        figures |= (
            apart(tutorial_ingest, folder) | apart(tutorial_ask, folder, "1") | apart(tutorial_start, folder, "1")
        )
    return figures


def apart(step: Callable[[Path], Figures], folder: Path, threads: str | None = None) -> Figures:
    """What a step measures, in a process that has nothing else to remember, with so many threads for a model."""
    Console(stderr=True).print(f"{step.__name__.replace('_', ' ')} …")
    name = step.__name__
    code = f"import json, pathlib, sys, bench.scale as b; print(json.dumps(b.{name}(pathlib.Path(sys.argv[1]))))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env=os.environ | ({"OMP_NUM_THREADS": threads} if threads else {}),
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


# --- Ours -----------------------------------------------------------------------------------------------------------


def prepare_encoder(folder: Path) -> Figures:
    from shanghai_qa.embedding import encoder_identity, prepare
    from shanghai_qa.settings import MINILM
    from shanghai_qa.store import Index

    prepare(MINILM, Index(folder / "index").encoder_folder(encoder_identity(MINILM)))
    return {}


def bare(folder: Path) -> Figures:
    """The models alone, on all cores, on what an ingest embeds of the sample."""
    from ingest.embed import texts_of
    from ingest.engine import Local
    from ingest.publish import load
    from ingest.split import split
    from shanghai_qa.embedding import Encoder, encoder_identity, load_reference
    from shanghai_qa.settings import MINILM
    from shanghai_qa.store import Index

    encoder = Encoder.open(Index(folder / "index").encoder_folder(encoder_identity(MINILM)), gpu=True)
    documents, _ = load([folder / "sample"])
    passages = ((one, passage) for one in documents for passage in split(one, encoder.tokens, encoder.max_tokens))
    sample = [text for one, passage in passages for text in texts_of(one, passage)]
    batches = [sample[at : at + 256] for at in range(0, len(sample), 256)]
    model = load_reference(MINILM)
    model.encode(sample[:32])
    ours_s = seconds(lambda: list(Local(encoder).encode(batches)))
    bare_s = seconds(lambda: model.encode(sample[::4], show_progress_bar=False))
    return {f"{OURS}, texts/s": len(sample) / ours_s, f"{BARE}, texts/s": len(sample[::4]) / bare_s}


def ingest(folder: Path) -> Figures:
    """The corpus into nothing but the encoder."""
    from ingest.publish import Progress
    from ingest.publish import ingest as run
    from shanghai_qa.settings import Settings
    from shanghai_qa.store import Index

    class Clock(Progress):
        """When embedding began and ended, and of how many texts."""

        def texts(self, total: int) -> None:
            self.total, self.begun = total, time.perf_counter()

        def embedded(self, count: int) -> None:
            self.ended = time.perf_counter()

    clock, started = Clock(), time.perf_counter()
    summary = run([folder / "corpus"], Index(folder / "index"), Settings(), progress=clock)
    ended = time.perf_counter()
    if summary.refused or summary.copies:
        sys.exit(f"not all went in: {summary.refused[:3]} {list(summary.copies)[:3]}")
    kilobytes = sum(len(record["text"]) for _, record in records(folder / "corpus")) / 1000
    return {
        f"{INGEST}, s": ended - started,
        "before embedding, s": clock.begun - started,
        "embedding, s": clock.ended - clock.begun,
        "after embedding, s": ended - clock.ended,
        f"{INGEST}, passages/s": summary.passages / (ended - started),
        f"{INGEST}, KB of text/s": kilobytes / (ended - started),
        f"{INGEST}, texts/s": clock.total / (ended - started),
        f"{INGEST}, peak MB": peak_mb(),
        "index, MB": size_mb(folder / "index" / "snapshots"),
    }


def ask(folder: Path) -> Figures:
    """Warm questions, with and without filters, and each leg of their retrieval by itself."""
    from shanghai_qa.assistant import Assistant
    from shanghai_qa.embedding import Encoder
    from shanghai_qa.settings import Settings
    from shanghai_qa.store import Index
    from shanghai_qa.values import NO_FILTERS, Filters, Tier
    from shanghai_qa.words import terms

    settings, index = Settings(), Index(folder / "index")
    assistant, snapshot = Assistant.open(folder / "index", settings), index.open()
    encoder = Encoder.open(index.encoder_folder(snapshot.manifest.encoder))
    admitting = {
        "": NO_FILTERS,
        ", a topic": Filters(topics=("semiconductors",)),
        ", a tier and years": Filters(tiers=(Tier.PRIMARY,), year_from=2015, year_to=2018),
        ", a place": Filters(places=("Pudong",)),
    }
    asked = asked_of(folder)
    vectors, words = encoder.encode([one.text for one in asked]), [terms(one.text) for one in asked]
    figures: Figures = {}
    for name, filters in admitting.items():
        for one in asked[:5]:
            assistant.ask(one.text, filters=filters)
        answers = [assistant.ask(one.text, filters=filters) for one in asked]
        figures[f"{WARM}{name}, ms"] = median(answer.elapsed_ms["total"] for answer in answers)
        if not filters:
            for part in ("understand", "embed", "retrieve", "read"):
                figures[f"  of which {part}, ms"] = median(answer.elapsed_ms[part] for answer in answers)
            cited = [{citation.source.id for citation in answer.citations} for answer in answers]
            right = statistics.mean(one.document in ids for one, ids in zip(asked, cited, strict=True))
        figures[f"  vector search{name}, ms"] = each_ms(snapshot.nearest, vectors, settings.per_leg, filters)
        figures[f"  BM25{name}, ms"] = each_ms(snapshot.matching, words, settings.per_leg, filters)
    return figures | {"asking, peak MB": peak_mb(), "citing the right document, share": right}


def start(folder: Path) -> Figures:
    """From nothing to an answer: a process of the program."""
    question = asked_of(folder)[0].text
    command = [str(PROGRAM), "ask", question, "--index", str(folder / "index")]
    times = [seconds(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(COLD_STARTS)]
    return {"cold start, s": median(times)}


# --- The tutorial's -------------------------------------------------------------------------------------------------


def tutorial_ingest(folder: Path) -> Figures:
    started = time.perf_counter()
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    documents = [Document(one["text"], metadata={"id": id}) for id, one in records(folder / "corpus")]
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    Chroma.from_documents(chunks, sentence_transformers(), persist_directory=str(folder / "tutorial"))
    took_s = time.perf_counter() - started
    return {
        "tutorial: ingest, s": took_s,
        "tutorial: ingest, chunks/s": len(chunks) / took_s,
        "tutorial: ingest, KB of text/s": sum(len(one.page_content) for one in documents) / 1000 / took_s,
        "tutorial: ingest, peak MB": peak_mb(),
        "tutorial: index, MB": size_mb(folder / "tutorial"),
    }


def tutorial_ask(folder: Path) -> Figures:
    from langchain_chroma import Chroma

    asked = asked_of(folder)
    store = Chroma(persist_directory=str(folder / "tutorial"), embedding_function=sentence_transformers())
    store.similarity_search(asked[0].text, k=4)
    times, right = [], []
    for one in asked:
        started = time.perf_counter()
        found = store.similarity_search(one.text, k=4)
        times.append(time.perf_counter() - started)
        right.append(any(chunk.metadata["id"] == one.document for chunk in found))
    return {
        "tutorial: warm question, ms": 1000 * median(times),
        "tutorial: asking, peak MB": peak_mb(),
        "tutorial: finding the right document, share": statistics.mean(right),
    }


def tutorial_start(folder: Path) -> Figures:
    code = (
        "import sys; from bench.scale import sentence_transformers; from langchain_chroma import Chroma;"
        "Chroma(persist_directory=sys.argv[1], embedding_function=sentence_transformers()).similarity_search('a', k=4)"
    )
    command = [sys.executable, "-c", code, str(folder / "tutorial")]
    times = [seconds(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(COLD_STARTS)]
    return {"tutorial: cold start, s": median(times)}


def sentence_transformers() -> Any:
    """What HuggingFaceEmbeddings does; langchain-huggingface itself does not install beside transformers 5.23."""
    from langchain_core.embeddings import Embeddings

    from shanghai_qa.embedding import load_reference
    from shanghai_qa.settings import MINILM

    class HuggingFaceEmbeddings(Embeddings):
        def __init__(self) -> None:
            self._model = load_reference(MINILM)

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = self._model.encode(texts, show_progress_bar=False).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return HuggingFaceEmbeddings()


# --- Figures --------------------------------------------------------------------------------------------------------


def asked_of(folder: Path) -> list[Question]:
    return [Question(*pair) for pair in json.loads((folder / "questions.json").read_text(encoding="utf-8"))]


def peak_mb() -> float:
    """The most memory of this process, and of the largest that it started, so far, files mapped into it included."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / (1e6 if sys.platform == "darwin" else 1e3)


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def each_ms(action: Callable[..., object], values: Iterable[object], *more: object) -> float:
    """The median over `values`."""
    return 1000 * median(seconds(lambda value=value: action(value, *more)) for value in values)  # type: ignore[misc]


def table(columns: dict[str, Figures]) -> Table:
    """A row for each figure, a column for each size, and the last size over the first."""
    result = Table("what", *columns, "last / first", box=None, pad_edge=False)
    first, *_, last = [*columns.values(), *columns.values()]
    for name in max(columns.values(), key=len):
        growth = last[name] / first[name] if len(columns) > 1 and first.get(name) and name in last else None
        result.add_row(name, *(shown(figures.get(name)) for figures in columns.values()), shown(growth))
    result.columns[0].no_wrap = True
    return result


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
