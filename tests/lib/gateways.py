# SPDX-License-Identifier: Apache-2.0
"""Real gateways for the live tests: LiteLLM's proxy and Portkey's gateway, from their registries, kept for the next run."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request

import live

CACHE = os.environ.get("AITAP_TEST_CACHE", "/var/cache/aitap-tests")
LITELLM = "1.106.2"
PORTKEY = "1.15.2"


def installed(name, make):
    """A folder that make(folder) has filled once; what was broken off is begun anew."""
    folder = os.path.join(CACHE, name)
    done = os.path.join(folder, ".complete")
    if not os.path.exists(done):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        make(folder)
        with open(done, "w"):
            pass
    return folder


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, **options)
    if done.returncode:
        raise SystemExit(f"not ok install: {' '.join(command[:4])}: {done.stdout[-500:]}{done.stderr[-1500:]}")


def install_litellm(folder):
    run(live.PYTHON, "-m", "venv", folder)
    run(f"{folder}/bin/pip", "install", "--quiet", "--only-binary", ":all:", f"litellm[proxy]=={LITELLM}")


def install_portkey(folder):
    # with a newer @hono/node-server it answers every OpenAI stream with 500
    with open(os.path.join(folder, "package.json"), "w") as file:
        json.dump({"dependencies": {"@portkey-ai/gateway": PORTKEY}, "overrides": {"@hono/node-server": "1.3.3"}}, file)
    run("npm", "install", "--legacy-peer-deps", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """A gateway process of a team of its own, in whose view the providers' names lead to this machine."""

    def __init__(self, scratch, name, command, env, ready):
        self.name, self.log_path = name, scratch.file(f"{name}.log")
        self.port, self.ready = int(env["PORT"]), ready
        hosts = scratch.file("hosts", "127.0.0.1 localhost api.openai.com api.anthropic.com\n")
        inside = 'mount --bind "$0" /etc/hosts && exec "$@"'
        self.log = open(self.log_path, "w")
        self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", inside, hosts, *command], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env=dict(os.environ, AI_TEAM="platform", **env),
                                        cwd=scratch.path)

    def wait_ready(self, seconds=180):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        end = time.time() + seconds
        while time.time() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"https://127.0.0.1:{self.port}{self.ready}", timeout=5, context=context) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise SystemExit(f"not ok {self.name}: did not become ready: {self.log_text()[-2000:]}")

    def log_text(self):
        with open(self.log_path) as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def litellm(scratch, upstream, cert, key):
    folder, port = installed(f"litellm-{LITELLM}", install_litellm), free_port()
    openai, anthropic = f"https://api.openai.com:{upstream}/v1", f"https://api.anthropic.com:{upstream}"
    config = scratch.file("litellm.yaml", json.dumps({
        "model_list": [
            {"model_name": "gpt-4o", "litellm_params": {"model": "openai/gpt-4o", "api_base": openai, "api_key": "sk-up"}},
            {"model_name": "claude-sonnet-4-5", "litellm_params": {
                "model": "anthropic/claude-sonnet-4-5-20250929", "api_base": anthropic, "api_key": "sk-ant"}}],
        "litellm_settings": {"telemetry": False, "num_retries": 0}, "general_settings": {"master_key": "sk-master"}}))
    return Gateway(scratch, "litellm", [
        f"{folder}/bin/litellm", "--config", config, "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1",
        "--ssl_keyfile_path", key, "--ssl_certfile_path", cert],
        {"PORT": str(port), "SSL_CERT_FILE": cert, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HF_HUB_OFFLINE": "1"},
        "/health/liveliness")


def portkey(scratch, cert, key):
    folder, port = installed(f"portkey-{PORTKEY}", install_portkey), free_port()
    program = f"{folder}/node_modules/@portkey-ai/gateway/build/start-server.js"
    return Gateway(scratch, "portkey", ["node", f"{live.LIB}/portkey.mjs", program, f"--port={port}", "--headless"],
                   {"PORT": str(port), "KEY": key, "CERT": cert, "NODE_EXTRA_CA_CERTS": cert, "NODE_ENV": "production",
                    "TRUSTED_CUSTOM_HOSTS": "api.openai.com,api.anthropic.com,localhost,127.0.0.1"}, "/")
