import json
import zipfile
from io import BytesIO

import pytest

from ingest.formats import file as limits
from ingest.formats import load
from ingest.formats.file import MAX_BYTES, Digest, Record
from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import Tier
from tests.ingest.made import CONTAINER, HTML, PACKAGE, XHTML, epub, lines, pdf, word, zipped


def only(name: str, data: str | bytes, **options: object) -> Loaded:
    """The one text of a file."""
    ((key, loaded),) = load(name, data.encode() if isinstance(data, str) else data, **options)  # type: ignore[arg-type]
    assert key == ""
    return loaded


def texts(name: str, data: str | bytes, **options: object) -> dict[str, str]:
    loaded = load(name, data.encode() if isinstance(data, str) else data, **options)  # type: ignore[arg-type]
    return {key: one.text for key, one in loaded}


def error(name: str, data: str | bytes) -> str:
    with pytest.raises(CorpusError) as raised:
        texts(name, data)
    return str(raised.value)


# --- What a file is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"%PDF-1.7\n", "is a PDF by its content; rename it"),
        ("a.md", pdf(lines("x")), "is a PDF by its content"),
        ("a.pdf", b"<!DOCTYPE html><p>x</p>", "is HTML by its content"),
        ("a.pdf", b"plain words", "is no PDF by its content"),
        ("a.txt", zipped({"a.md": "x"}), "is a ZIP file by its content"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "is an image by its content"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an encrypted or an old Office file by its content"),
        ("a.zip", b"plain words", "is no ZIP file by its content"),
        ("a.docx", zipped({"a.md": "x"}), "is a ZIP file, but no Word document"),
        ("a.epub", zipped({"a.md": "x"}), "is a ZIP file, but no EPUB book"),
        ("a.xyz", b"x", "is not a document; expected a name that ends in .md, .markdown, .txt, .html"),
        ("a.pdf", b"", "is empty; expected a document"),
        ("a.txt", bytes(MAX_BYTES + 1), "has 200 MB; expected at most 200 MB: split it"),
        ("a.pdf", b"%PDF-1.7\nand nothing", "is damaged or not what its name says ("),
        ("a.zip", b"PK\x03\x04 and nothing", "is a damaged or cut off ZIP file; save it anew"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_by_what_it_is(name: str, data: bytes, message: str) -> None:
    assert error(name, data).startswith(message)


def test_facts_from_outside_go_before_what_a_file_says_but_not_before_front_matter() -> None:
    given = Facts(title="Given", publisher="Given", tier=Tier.PRIMARY)
    page = only("a.html", HTML, given=given).facts
    assert (page.title, page.publisher, page.published, page.tier) == ("Given", "Given", "2024-03-05", Tier.PRIMARY)
    written = only("a.md", "---\ntitle: Written\ntier: promotional\n---\nText.\n", given=given).facts
    assert (written.title, written.publisher, written.tier) == ("Written", "Given", Tier.PROMOTIONAL)


# --- Text and Markdown ----------------------------------------------------------------------------------------------


def test_markdown_may_have_no_front_matter_and_front_matter_no_keys_but_some() -> None:
    assert only("a.md", "# Plants\n\nText.\n") == Loaded("# Plants\n\nText.\n")
    assert only("a.markdown", "---\ntopics: [ai]\n---\nText.\n") == Digest("Text.\n", Facts(topics=("ai",)))


def test_a_wrong_fact_in_front_matter_is_refused_with_its_line() -> None:
    with pytest.raises(CorpusError) as raised:
        texts("a.md", "---\ntitle: T\ntier: gold\n---\nText.\n")
    assert (getattr(raised.value, "line", None), str(raised.value)) == (
        3,
        "tier is 'gold'; expected primary, established, promotional or unverified",
    )


def test_plain_text_of_one_line_a_paragraph_keeps_its_paragraphs_and_wrapped_text_its_lines() -> None:
    long = "SMIC makes chips in Shanghai. " * 6
    assert only("a.txt", f"{long}\n{long}\n\nEnd.").text == f"{long}\n\n{long}\n\nEnd."
    assert only("a.txt", "SMIC makes\nchips.").text == "SMIC makes\nchips."


def test_front_matter_of_a_megabyte_is_refused_and_not_parsed() -> None:
    assert error("a.md", f"---\ntitle: {'[' * 1_000_000}\n---\nText.").startswith(
        "the front matter has 1,000,007 characters; expected at most 20,000"
    )


# --- HTML -----------------------------------------------------------------------------------------------------------


def test_a_web_page_gives_its_main_text_with_headings_and_what_its_head_says() -> None:
    page = only("a.html", HTML)
    assert page.text.split("\n\n") == [
        "# SMIC opens a plant",
        "SMIC (中芯国际) opened a new plant in Lingang in March.",
        "## Capacity",
        "The plant makes 100,000 wafers a month.",
        "It cost 8.9 billion US dollars.",
        "- First phase: 2024",
        "- Second phase: 2026",
        "| Year | Wafers |",
        "| 2024 | 100,000 |",
    ]
    assert page.facts == Facts(
        title="SMIC opens a plant",
        publisher="Shanghai Daily",
        authors=("Li Wei", "Wang Fang"),
        url="https://www.example.org/biz/1.html",
        published="2024-03-05",
    )


def test_a_page_in_which_no_text_stands_out_gives_all_of_it() -> None:
    assert only("a.htm", "<p>One short sentence.</p>").text == "One short sentence."
    assert only("a.html", "plain words").text == "plain words"


def test_chinese_wrapped_in_the_source_of_a_page_has_no_blanks_in_it() -> None:
    assert only("a.html", "<p>张江是\n  一个园区。\n它在浦东。</p>").text == "张江是一个园区。它在浦东。"


# --- Word and EPUB --------------------------------------------------------------------------------------------------


def test_a_word_document_gives_headings_paragraphs_lists_and_rows_in_their_order() -> None:
    made = word(
        ("Title", "Plants"),
        ("Heading 2", "SMIC"),
        ("Normal", "SMIC makes chips."),
        ("List Bullet", "one"),
        rows=[["Year", "Wafers"], ["2024", "100,000"]],
        title="The plants",
        author="Li Wei; Wang Fang",
    )
    loaded = only("a.docx", made)
    assert loaded.text == "# Plants\n\n## SMIC\n\nSMIC makes chips.\n\n- one\n\n| Year | Wafers |\n\n| 2024 | 100,000 |"
    assert loaded.facts == Facts(title="The plants", authors=("Li Wei", "Wang Fang"))


def test_of_a_word_document_in_review_what_was_inserted_is_read_and_what_was_deleted_is_not() -> None:
    with zipfile.ZipFile(BytesIO(word(("Normal", "MARK")))) as parts:
        members = {name: parts.read(name) for name in parts.namelist()}
    run, text = "<w:r><w:{0}>{1}</w:{0}></w:r>", members["word/document.xml"].decode()
    review = f"<w:ins>{run.format('t', 'new')}</w:ins><w:del>{run.format('delText', 'old')}</w:del>"
    control = f"<w:sdt><w:sdtContent><w:p>{run.format('t', 'In a control.')}</w:p></w:sdtContent></w:sdt>"
    changed = text.replace("<w:r><w:t>MARK</w:t></w:r>", review).replace("<w:sectPr", f"{control}<w:sectPr", 1)
    members["word/document.xml"] = changed.encode()
    assert only("a.docx", zipped(members)).text == "new\n\nIn a control."


def test_a_table_within_a_table_and_a_box_within_a_paragraph_are_read_once() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>inner</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    outer = f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>outer</w:t></w:r></w:p>{inner}<w:p/></w:tc></w:tr></w:tbl>"
    box = "<w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent></w:pict>"
    with zipfile.ZipFile(BytesIO(word(("Normal", "MARK")))) as parts:
        members = {name: parts.read(name) for name in parts.namelist()}
    text = members["word/document.xml"].decode().replace("<w:t>MARK</w:t>", f"<w:t>Around it.</w:t>{box}")
    members["word/document.xml"] = text.replace("<w:sectPr", f"{outer}<w:sectPr", 1).encode()
    assert only("a.docx", zipped(members)).text == "Around it.\n\nIn a box.\n\n| outer |\n\n| inner |"


def test_a_book_gives_its_chapters_in_reading_order_without_its_contents() -> None:
    book = only("a.epub", epub())
    assert book.text == "# Makers\n\nSMIC makes chips.\n\n# Money\n\nThe fund holds 34 billion yuan."
    assert book.facts == Facts(
        title="Chips of Shanghai", publisher="Made Press", authors=("Li Wei", "Wang Fang"), published="2023-05-01"
    )


def test_a_book_that_is_encrypted_or_lacks_a_part_says_so() -> None:
    encryption = "<encryption><CipherReference URI='OPS/b%20two.xhtml'/></encryption>"
    assert error("a.epub", epub(**{"META-INF/encryption.xml": encryption})) == (
        "is encrypted; save it without a password"
    )
    fonts = encryption.replace("b%20two.xhtml", "font.otf")
    assert only("a.epub", epub(**{"META-INF/encryption.xml": fonts})).text.startswith("# Makers")
    broken = PACKAGE.replace("a.xhtml", "gone.xhtml")
    assert error("a.epub", epub(**{"OPS/book.opf": broken})) == "lacks its part 'OPS/gone.xhtml'; save it anew"
    outside = CONTAINER.replace("OPS/book.opf", "../book.opf")
    assert error("a.epub", epub(**{"META-INF/container.xml": outside})).startswith("lacks its part '../book.opf'")


def test_entities_that_grow_without_end_are_not_unfolded() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    page = XHTML.format("<p>&b;&c;SMIC makes chips.</p>").replace("?>", f"?>{laughs}", 1)
    assert only("a.epub", epub(**{"OPS/a.xhtml": page})).text.startswith("SMIC makes chips.")


# --- Records --------------------------------------------------------------------------------------------------------


def test_rows_of_csv_are_documents_by_their_id_with_facts_from_known_columns() -> None:
    table = (
        "ID,Headline,Full Text,Published_At,Source,Author,Link,tier,Topics,Places\r\n"
        'smic-1,Chips,"SMIC makes chips,\nand sells them.",5 March 2024,Caixin,Li Wei; Wang Fang,'
        'https://example.org/1,Primary,"ai, chips","Pudong, Lingang"\r\n'
        "\r\n"
        ",,A fund opened.,05/03/2024,,,example.org,,,\r\n"
    )
    (first, chips), (second, fund) = load("a.csv", table.encode())
    assert (first, chips.text) == ("smic-1", "SMIC makes chips,\nand sells them.")
    assert chips.facts == Facts(
        "Chips", "Caixin", ("Li Wei", "Wang Fang"), "https://example.org/1", "2024-03-05", Tier.PRIMARY, ("ai",),
        ("Pudong", "Lingang"),
    )  # fmt: skip
    assert (second, fund.text, fund.facts) == ("2", "A fund opened.", Facts(title="A fund opened."))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_csv_is_told_by_the_names_on_top(delimiter: str) -> None:
    table = delimiter.join(["标题", "正文"]) + "\n" + delimiter.join(["芯片", "中芯国际生产芯片。"])
    ((_, loaded),) = load("a.csv", table.encode())
    assert (loaded.text, loaded.facts.title) == ("中芯国际生产芯片。", "芯片")


def test_columns_of_other_names_are_mapped() -> None:
    table = "story,head\nSMIC makes chips.,Chips\n"
    assert error("a.csv", table).startswith("no column holds texts; name one text, content, body")
    loaded = dict(load("a.csv", table.encode(), columns={"text": "Story", "title": "head"}))
    assert loaded == {"1": Record("SMIC makes chips.", Facts(title="Chips"))}


def test_columns_go_before_the_facts_given_and_these_before_a_title_made_of_the_text() -> None:
    given = Facts(title="Given", publisher="Given", tier=Tier.PRIMARY)
    table = "text,title,tier\nSMIC makes chips.,Chips,unverified\nA fund opened.,,\n"
    first, second = (loaded.facts for _, loaded in load("a.csv", table.encode(), given=given))
    assert first == Facts(title="Chips", publisher="Given", tier=Tier.UNVERIFIED)
    assert second == given


@pytest.mark.parametrize("ending", ["csv", "jsonl", "zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_records_are_read_in_pieces_however_large_their_file_is(
    ending: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [f"中芯国际在上海生产芯片，\n这是第 {number} 批。" for number in range(300)]
    csv = "\ufeff"[: encoding == "utf-8"] + "text\n" + "".join(f'"{text}"\n' for text in said)
    json_lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in said)
    packed = zipped({f"{number}.txt": text.encode(encoding) for number, text in enumerate(said)})
    data = {"csv": csv.encode(encoding), "jsonl": json_lines.encode(encoding), "zip": packed}[ending]
    for name, most in (("MAX_BYTES", 10_000), ("_BLOCK", 2000), ("_TELLING", 1000)):
        monkeypatch.setattr(limits, name, most)
    assert len(data) > limits.MAX_BYTES
    assert sorted(texts(f"a.{ending}", data).values()) == sorted(said)


def test_a_field_of_csv_may_be_long() -> None:
    assert len(texts("a.csv", f"text\n{'a' * 500_000}\n")["1"]) == 500_000


def test_json_lines_are_documents_and_a_bad_line_is_refused_while_the_rest_goes_on() -> None:
    rows = '{"text": "One."}\n\n{\n[1]\n{"text": 5}\n{"title": "T"}\n{"text": ["Two.", "Three."], "id": 7}\n'
    refused: list[str] = []
    found = texts("a.jsonl", rows, refuse=refused.append)
    assert found == {"1": "One.", "7": "Two.\n\nThree."}
    assert [each.partition("(")[0].partition(";")[0] for each in refused] == [
        ":3: the line is no JSON ",
        ":4: expected an object {…}",
        ":5: the text is '5'",
        ":6: the record holds no text",
    ]


def test_a_tier_that_there_is_not_refuses_the_record_and_other_odd_facts_count_as_not_said() -> None:
    rows = [{"text": "One.", "tier": "gold"}, {"text": "Two.", "date": 20240305, "url": 5, "topics": 3, "authors": {}}]
    refused: list[str] = []
    ((_, loaded),) = load("a.jsonl", "\n".join(map(json.dumps, rows)).encode(), refuse=refused.append)
    assert loaded.facts == Facts(title="Two.", published="2024-03-05")
    assert refused == [":1: tier is 'gold'; expected primary, established, promotional, unverified"]


def test_a_table_in_which_nothing_can_be_read_is_given_up() -> None:
    refused: list[str] = []
    with pytest.raises(CorpusError, match="more than 100 records cannot be read"):
        texts("a.jsonl", "x\n" * 1000, refuse=refused.append)
    assert len(refused) == 100
    assert error("a.csv", "text,title\n,,\n").startswith("holds no record")
    assert error("a.csv", 'text\n"open\n').startswith("is no CSV from here on (unexpected end of data)")


# --- ZIP ------------------------------------------------------------------------------------------------------------


def test_the_documents_of_a_zip_have_their_path_as_key_with_what_a_sidecar_says() -> None:
    inner = zipped({"r.csv": "text\nA row.\n"})
    members: dict[str, str | bytes] = {
        "b/two.txt": "Two.", "a/one.md": "---\ntitle: One\ntier: promotional\n---\nOne.", "b/in.zip": inner,
        "a/one.md.meta.yaml": "tier: primary\n", "README.md": "x", ".hidden.md": "x", "__MACOSX/a.md": "x",
        "picture.png": b"\x89PNG", "c.pdf": pdf(lines("Three.")),
    }  # fmt: skip
    found = dict(load("a.zip", zipped(members)))
    assert list(found) == ["a/one", "b/in/r/1", "b/two", "c"]
    assert found["a/one"].facts == Facts(title="One", tier=Tier.PRIMARY)
    assert found["b/in/r/1"].text == "A row."


def test_a_member_that_cannot_be_read_is_refused_by_name_and_the_rest_goes_on() -> None:
    members: dict[str, str | bytes] = {
        "a.pdf": b"words",
        "b.md": "---\ntier: gold\n---\nx",
        "c.md": "Text.",
        "d.jsonl": "{",
        "e.txt": b"",
    }
    refused: list[str] = []
    assert texts("a.zip", zipped(members), refuse=refused.append) == {"c": "Text."}
    assert [each[:24] for each in refused] == [
        "/a.pdf: is no PDF by its",
        "/b.md:2: tier is 'gold';",
        "/d.jsonl:1: the line is ",
        "/e.txt: is empty; expect",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil.md", "/../evil.md: has a name that leads out of its ZIP file; rename it"),
        ("a/../../evil.md", "/a/../../evil.md: has a name that leads out"),
        ("/etc/evil.md", "//etc/evil.md: has a name that leads out"),
        ("C:evil.md", "/C:evil.md: has a name that leads out"),
        ("..\\evil.md", "/..\\evil.md: has a backslash or a line break in its name; rename it"),
        ("a\nb.md", "/a?b.md: has a backslash or a line break in its name; rename it"),
    ],
)
def test_a_member_whose_name_leads_elsewhere_is_refused(name: str, message: str) -> None:
    refused: list[str] = []
    assert texts("a.zip", zipped({"a.md": "Text.", name: "Evil."}), refuse=refused.append) == {"a": "Text."}
    assert len(refused) == 1
    assert refused[0].startswith(message)


def test_a_link_and_an_encrypted_member_are_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    assert error("a.zip", out.getvalue()) == "/link.md: is a link; pack what it points at"
    locked = bytearray(zipped({"a.md": "Text."}))
    locked[6] |= 1
    locked[locked.find(b"PK\x01\x02") + 8] |= 1
    assert error("a.zip", bytes(locked)) == "/a.md: is encrypted; pack it without a password"


def test_zip_bombs_are_refused_before_they_are_unpacked() -> None:
    assert "packed as tightly as in a ZIP bomb" in error("a.zip", zipped({"a.txt": b"a" * 20_000_000}))
    deep = zipped({"a.md": "Text."})
    for _ in range(3):
        deep = zipped({"x.zip": deep}, zipfile.ZIP_STORED)
    assert "lies in ZIP files 3 deep" in error("a.zip", deep)
    assert error("a.zip", zipped({f"{n}.txt": "" for n in range(100_001)}, zipfile.ZIP_STORED)) == (
        "holds more than 100,000 members; split it"
    )
    twice = bytearray(zipped({"a.txt": "Text. " * 9, "b.txt": "Text. " * 9}))
    second = twice.rfind(b"PK\x01\x02")
    twice[second + 42 : second + 46] = (1).to_bytes(4, "little")
    assert "overlap" in error("a.zip", bytes(twice))


def test_a_zip_without_documents_says_so() -> None:
    assert error("a.zip", zipped({"a.png": b"x"})) == "holds no document"


@pytest.mark.parametrize("bad", ["b.md", "b.jsonl", "b.html", "b.docx", "b.md.meta.yaml"])
def test_a_member_that_is_damaged_is_refused_and_the_rest_goes_on(bad: str) -> None:
    said = dict.fromkeys(("a.md", "b.md", "c.md", bad), "SMIC makes chips in Shanghai.")
    packed = bytearray(zipped(said, zipfile.ZIP_STORED))
    with zipfile.ZipFile(BytesIO(packed)) as members:
        info = members.getinfo(bad)
    packed[info.header_offset + 30 + len(bad) + 5] ^= 1
    refused: list[str] = []
    found = texts("x.zip", bytes(packed), refuse=refused.append)
    assert {"a", "c"} <= found.keys()
    assert [each.partition(":")[0] for each in refused] == [f"/{bad.removesuffix('.meta.yaml')}"]
