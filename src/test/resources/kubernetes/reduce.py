#!/usr/bin/python3
"""Writes the schemas of this directory again from clones of their sources (README.md).

Usage: reduce.py DIRECTORY   each clone in DIRECTORY/NAME, with the tags of SOURCES
"""
import json
import pathlib
import subprocess
import sys

import yaml

# Name of the clone and of the file here, its tag, its files.
SOURCES = [
    ("external-secrets", "v2.9.0", ["config/crds/bases/external-secrets.io_externalsecrets.yaml"]),
    ("cloudnative-pg", "v1.30.0", [
        "config/crd/bases/postgresql.cnpg.io_%s.yaml" % kind for kind in ("clusters", "scheduledbackups")]),
    ("messaging-topology-operator", "v1.20.1", [
        "config/crd/bases/rabbitmq.com_%s.yaml" % kind
        for kind in ("bindings", "exchanges", "permissions", "policies", "queues", "users", "vhosts")]),
    ("prometheus-operator", "v0.93.0", [
        "example/prometheus-operator-crd/monitoring.coreos.com_%s.yaml" % kind
        for kind in ("prometheusrules", "servicemonitors")]),
    ("argo-cd", "v3.5.1", ["manifests/crds/application-crd.yaml", "manifests/crds/applicationset-crd.yaml"]),
]
CORE = ("kubernetes-client-python", "v33.1.0", "kubernetes/swagger.json.unprocessed")
CORE_KINDS = {
    "v1 ConfigMap", "v1 Namespace", "v1 Secret", "v1 Service", "v1 ServiceAccount", "apps/v1 Deployment",
    "batch/v1 CronJob", "batch/v1 Job", "autoscaling/v2 HorizontalPodAutoscaler", "policy/v1 PodDisruptionBudget",
    "networking.k8s.io/v1 NetworkPolicy", "rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 RoleBinding"}
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
KEPT = {
    "type", "required", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "format", "$ref",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"}
# Generators of an ApplicationSet nest in each other; these are what an installation of one service needs.
GENERATORS = {"clusters", "git", "list"}


def reduced(schema):
    kept = {key: value for key, value in schema.items() if key in KEPT}
    if schema.get("format") == "int-or-string":
        kept = {"x-kubernetes-int-or-string": True}
    if "properties" in schema:
        kept["properties"] = {name: reduced(value) for name, value in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            kept[key] = reduced(schema[key])
    return kept


def text(directory, clone, tag, path):
    return subprocess.run(
        ["git", "-C", directory / clone, "show", "%s:%s" % (tag, path)], check=True, capture_output=True).stdout


def of_definitions(directory, clone, tag, paths):
    found = {}
    for path in paths:
        definition = yaml.load(text(directory, clone, tag, path), Loader=yaml.CSafeLoader)["spec"]
        for version in definition["versions"]:
            if not version["served"]:
                continue
            schema = reduced(version["schema"]["openAPIV3Schema"])
            schema["properties"].pop("status", None)
            schema["properties"]["metadata"] = {"$ref": "#/definitions/" + META}
            kind = definition["names"]["kind"]
            if kind == "ApplicationSet":
                generators = schema["properties"]["spec"]["properties"]["generators"]["items"]["properties"]
                for other in set(generators) - GENERATORS:
                    del generators[other]
            found["%s/%s %s" % (definition["group"], version["name"], kind)] = schema
    return found


def of_core(directory):
    all_of_them = json.loads(text(directory, *CORE))["definitions"]
    found, wanted = {}, []
    for name, schema in all_of_them.items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            key = ("%(group)s/%(version)s %(kind)s" % kind).lstrip("/")
            if key in CORE_KINDS:
                found[key] = {"$ref": "#/definitions/" + name}
                wanted.append(name)
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found[name] = reduced(all_of_them[name])
        found[name].get("properties", {}).pop("status", None)
        wanted += [ref.rsplit("/", 1)[1] for ref in references(found[name])]
    return found


def references(schema):
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)


def write(name, schemas):
    lines = ['%s: %s' % (json.dumps(key), json.dumps(schemas[key], sort_keys=True)) for key in sorted(schemas)]
    pathlib.Path(__file__).with_name(name + ".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    directory = pathlib.Path(sys.argv[1])
    write("core", of_core(directory))
    for clone, tag, paths in SOURCES:
        write(clone, of_definitions(directory, clone, tag, paths))


main()
