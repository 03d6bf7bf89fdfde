"""`avocet check` looks into the certificates, keys and secrets that a configuration names."""

import re
from pathlib import Path

import pytest
from certificates import Authority
from cli_program import avocet

MQTT = "sources: [{mqtt: {broker: 'mqtts://b', topics: [t], KEYS}}]"
KAFKA = "sources: [{kafka: {brokers: b, topics: [t], KEYS}}]"
KAFKA_OPTIONS = "sources: [{kafka: {brokers: b, topics: [t], options: {KEYS}}}]"
CATALOG = "catalog: {url: 'https://c', KEYS}"
MQTT_CHANNEL = "alerts: {channels: [{mqtt: {broker: 'mqtts://b', username: u, KEYS}}]}"
MAIL = "server: 'smtps://m', from: a@b.c, to: [a@b.c], username: u"
EMAIL_CHANNEL = "alerts: {channels: [{email: {MAIL, KEYS}}]}".replace("MAIL", MAIL)
# Every option that names such a file: what stands above it, the option, what the file has.
OPTIONS = [
    ("sources: [{http: {KEYS}}]", "token_file", "secret"),
    ("sources: [{http: {KEYS}}]", "tls_certificate", "certificate"),
    ("sources: [{http: {KEYS}}]", "tls_key", "key"),
    (MQTT, "password_file", "secret"),
    (MQTT, "tls_ca", "certificate"),
    (MQTT, "tls_certificate", "certificate"),
    (MQTT, "tls_key", "key"),
    (KAFKA, "password_file", "secret"),
    (KAFKA_OPTIONS, "ssl.ca.location", "certificate"),
    (KAFKA_OPTIONS, "ssl.certificate.location", "certificate"),
    (KAFKA_OPTIONS, "ssl.key.location", "secret"),
    (KAFKA_OPTIONS, "ssl.keystore.location", "secret"),
    ("sources: [{kinesis: {stream: s, KEYS}}]", "ca_file", "certificate"),
    ("sources: [{s3: {url: 's3://b/p', KEYS}}]", "ca_file", "certificate"),
    ("storage: {s3: {KEYS}}", "ca_file", "certificate"),
    ("cloudwatch: {KEYS}", "ca_file", "certificate"),
    ("server: {KEYS}", "tls_certificate", "certificate"),
    ("server: {KEYS}", "tls_key", "key"),
    (CATALOG, "token_file", "secret"),
    (CATALOG, "ca_file", "certificate"),
    ("catalog: {url: 'https://c', client_id: i, KEYS}", "client_secret_file", "secret"),
    ("alerts: {channels: [{webhook: {KEYS}}]}", "url_file", "secret"),
    ("alerts: {channels: [{webhook: {url: 'https://w', KEYS}}]}", "secret_file", "secret"),
    ("alerts: {channels: [{slack: {KEYS}}]}", "webhook_url_file", "secret"),
    ("alerts: {channels: [{slack: {channel: c, KEYS}}]}", "bot_token_file", "secret"),
    ("alerts: {channels: [{teams: {KEYS}}]}", "webhook_url_file", "secret"),
    ("alerts: {channels: [{pagerduty: {KEYS}}]}", "routing_key_file", "secret"),
    (MQTT_CHANNEL, "tls_ca", "certificate"),
    (MQTT_CHANNEL, "tls_certificate", "certificate"),
    (MQTT_CHANNEL, "tls_key", "key"),
    (MQTT_CHANNEL, "password_file", "secret"),
    (EMAIL_CHANNEL, "ca_file", "certificate"),
    (EMAIL_CHANNEL, "password_file", "secret"),
]
PARTNERS = {"tls_certificate": "tls_key", "tls_key": "tls_certificate"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Files:
    """Files that are as they should be, and such that are not."""

    def __init__(self, directory: Path, authority: Authority):
        certificate, key = authority.issue("good")
        other = authority.issue("other")
        expired = authority.issue("expired", expired=True)
        empty, text = directory / "empty", directory / "text"
        empty.write_text("\n")
        text.write_text("no PEM\n")
        directories = directory / "directory"
        directories.mkdir()
        secret = directory / "secret"
        secret.write_text("s3cret\n")
        self.good = {"certificate": certificate, "key": key, "secret": secret}
        missing = (directory / "missing", "cannot read the file: No such file or directory")
        unreadable = (directories, "cannot read the file: Is a directory")
        self.bad = {
            "secret": [missing, unreadable, (empty, "the file is empty")],
            "certificate": [
                missing,
                unreadable,
                (text, "the file has no certificate in PEM"),
                (key, "the file has no certificate in PEM"),
                (expired[0], r"the certificate expired on \d{4}-\d\d-\d\d"),
            ],
            "key": [
                missing,
                unreadable,
                (text, "the file has no private key in PEM"),
                (other[1], "the private key is not that of the certificate"),
            ],
        }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Files:
    return Files(tmp_path_factory.mktemp("files"), authority)


def write(directory: Path, frame: str, keys: dict[str, Path]) -> Path:
    """The option that is tested is on the second line."""
    path = directory / "avocet.yaml"
    written = ", ".join(f"\n  {name}: {file}" for name, file in keys.items())
    path.write_text(frame.replace("KEYS", written))
    return path


def check(directory: Path, frame: str, keys: dict[str, Path], *options: str) -> tuple[int, str]:
    done = avocet(directory, "check", str(write(directory, frame, keys)), *options, code=None)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("frame", "option", "kind"), OPTIONS)
def test_misused_files_are_named_with_their_place(
    tmp_path: Path, files: Files, frame: str, option: str, kind: str
) -> None:
    partner = PARTNERS.get(option)
    beside = {partner: files.good[partner.removeprefix("tls_")]} if partner else {}
    code, said = check(tmp_path, frame, {option: files.good[kind], **beside})
    assert code == 0, said
    for file, problem in files.bad[kind]:
        code, said = check(tmp_path, frame, {option: file, **beside})
        column = len(f"  {option}: ") + 1
        pattern = rf"avocet\.yaml:2:{column}: error: \S*{re.escape(option)}: {problem}"
        assert code == 78 and re.search(pattern, said), said
    missing = {option: Path("/nowhere"), **beside}
    assert check(tmp_path, frame, missing, "--without-files")[0] == 0
    if partner:
        code, said = check(tmp_path, frame, {option: files.good[kind]}, "--without-files")
        assert code == 78
        assert re.search(rf'avocet\.yaml:2:\d+: error: \S*{option} needs the key "{partner}"', said)


def test_a_key_with_a_passphrase_is_refused(tmp_path: Path, files: Files) -> None:
    locked = tmp_path / "locked.key"
    locked.write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    keys = {"tls_key": locked, "tls_certificate": files.good["certificate"]}
    code, said = check(tmp_path, "server: {KEYS}", keys)
    assert code == 78 and "the private key has a passphrase" in said


def test_paths_from_the_environment_are_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "avocet.yaml"
    path.write_text("sources:\n  - http: {token_file: '${PLACE}'}\n")
    done = avocet(tmp_path, "check", str(path), env={"PLACE": "/a/s3cret"}, code=78)
    assert "token_file: cannot read the file: No such file" in done.stderr
    assert "s3cret" not in done.stderr
