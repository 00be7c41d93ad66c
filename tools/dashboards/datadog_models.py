# Does Datadog's own client take these files as a dashboard and as monitors, and know each key? Run by a Python that has
# datadog-api-client: dashboard.json monitors.json.
import sys

from datadog_api_client.api_client import ApiClient
from datadog_api_client.configuration import Configuration
from datadog_api_client.model_utils import ModelNormal, UnparsedObject
from datadog_api_client.v1.model.dashboard import Dashboard
from datadog_api_client.v1.model.monitor import Monitor


def strange(value, place):
    """What no model stands for: values that it does not allow, alternatives of which none fits, keys that it does not declare."""
    if isinstance(value, UnparsedObject) or getattr(value, "_unparsed", False) is True and not isinstance(value, ModelNormal):
        yield f"{place}: no model for {' '.join(str(value).split())[:160]}"
    elif isinstance(value, ModelNormal):
        for key, each in value._data_store.items():
            if key not in value.attribute_map:
                yield f"{place}.{key}: unknown"
            yield from strange(each, f"{place}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from strange(each, f"{place}[{index}]")
    elif hasattr(value, "get_oneof_instance"):
        yield from strange(value.get_oneof_instance(), place)


def main():
    client = ApiClient(Configuration())
    found = []
    for path, model in zip(sys.argv[1:], (Dashboard, [Monitor]), strict=True):
        with open(path) as file:
            found += strange(client.deserialize(file.read(), (model,), True), path)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
