from shanghai_qa.store import where
from shanghai_qa.values import Filters, Tier


def test_filters_in_chromas_words() -> None:
    assert where(Filters()) is None
    assert where(Filters(topics=("ai",))) == {"topics": {"$contains": "ai"}}
    assert where(Filters(places=("Pudong", "Xuhui"))) == {
        "$or": [{"places": {"$contains": "pudong"}}, {"places": {"$contains": "xuhui"}}]
    }
    assert where(Filters(tiers=(Tier.PRIMARY,), year_from=2020, year_to=2024)) == {
        "$and": [{"tier": {"$in": ["primary"]}}, {"year": {"$gte": 2020}}, {"year": {"$lte": 2024}}]
    }
