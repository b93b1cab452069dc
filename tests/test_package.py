from importlib.resources import files


def test_the_package_says_that_it_is_typed() -> None:
    assert files("shanghai_qa").joinpath("py.typed").is_file()
