"""The bill of materials of the programs, as SPDX 2.3: what is linked into them, from which Debian source version.

The list is checked against the link by tests: a library that is linked and not named here fails."""
import hashlib
import subprocess
import time

# Debian package of each library that is linked in, and its licence as an SPDX expression.
LIBRARIES = {
    "libgrpc++-dev": "Apache-2.0",
    "libgrpc-dev": "Apache-2.0",
    "libprotobuf-dev": "BSD-3-Clause",
    "libabsl-dev": "Apache-2.0",
    "libre2-dev": "BSD-3-Clause",
    "libc-ares-dev": "MIT",
    "libssl-dev": "Apache-2.0",
    "libcurl4-openssl-dev": "curl",
    "libnghttp2-dev": "MIT",
    "zlib1g-dev": "Zlib",
    "libsqlite3-dev": "blessing",
    "libyaml-cpp-dev": "MIT",
    "prometheus-cpp-dev": "MIT",
    "libmicrohttpd-dev": "LGPL-2.1-or-later",
    "nlohmann-json3-dev": "MIT",
    "libcli11-dev": "BSD-3-Clause",
    "libexpected-dev": "CC0-1.0",
    "libc6-dev": "LGPL-2.1-or-later",
    "libstdc++-12-dev": "GPL-3.0-or-later WITH GCC-exception-3.1",
}


def installed():
    """{package: (source, version)} of the libraries, as dpkg knows them."""
    form = "${Package}\t${source:Package}\t${source:Version}\t${db:Status-Status}\n"
    listed = subprocess.run(["dpkg-query", "-W", "-f", form, *LIBRARIES], capture_output=True, text=True, check=False)
    rows = [line.split("\t") for line in listed.stdout.splitlines()]
    return {row[0]: (row[1], row[2]) for row in rows if row[3] == "installed"}


def library(package, source, version):
    return {
        "SPDXID": "SPDXRef-" + package.replace("+", "-"),
        "name": source,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": LIBRARIES[package],
        "licenseDeclared": LIBRARIES[package],
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{source}@{version}?distro=debian-12"}],
    }


def program(directory, name, version):
    digest = hashlib.sha256((directory / name).read_bytes()).hexdigest()
    return {"SPDXID": f"SPDXRef-{name}-program", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
            "copyrightText": "NOASSERTION", "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]}


def document(directory, version, epoch):
    programs = [program(directory, name, version) for name in ("tokenwarden", "tokenwarden-agent")]
    libraries = [library(package, *where) for package, where in sorted(installed().items())]
    digests = "".join(each["checksums"][0]["checksumValue"] for each in programs)
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": each["SPDXID"]}
                 for each in programs]
    relations += [{"spdxElementId": each["SPDXID"], "relationshipType": "STATIC_LINK", "relatedSpdxElement": lib["SPDXID"]}
                  for each in programs for lib in libraries]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"tokenwarden-{version}",
        "documentNamespace": "https://tokenwarden.dev/sbom/" + hashlib.sha256(digests.encode()).hexdigest(),
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
                         "creators": ["Tool: tokenwarden-image"]},
        "packages": programs + libraries,
        "relationships": relations,
    }
