#!/usr/bin/env python3
"""SMTP on 127.0.0.1 (RFC 5321, STARTTLS, AUTH PLAIN) for tests.

smtpd.py FOLDER: writes its port to FOLDER/smtp.port, each session's commands to
FOLDER/smtp.log and each message to FOLDER/mail.N. A receiver's local part says
what becomes of it: refused (550), later (451). FOLDER/cert and FOLDER/key, when
there, make it offer STARTTLS. FOLDER/refuse, "VERB CODE words", makes it answer
that verb so; 220 is the greeting, END what comes after the message.
"""
import base64
import os
import socketserver
import ssl
import sys
import threading

folder = sys.argv[1]
lock = threading.Lock()
count = 0


def note(text):
    with lock, open(f"{folder}/smtp.log", "a") as log:
        log.write(text + "\n")


class Session(socketserver.StreamRequestHandler):
    secure = False

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def refuses(self, verb):
        try:
            with open(f"{folder}/refuse") as f:
                wanted, answer = f.read().strip().split(" ", 1)
        except FileNotFoundError:
            return False
        if wanted == verb:
            self.say(answer)
        return wanted == verb

    def greet(self):
        lines = ["smtpd", "AUTH PLAIN"]
        if os.path.exists(f"{folder}/cert") and not self.secure:
            lines.append("STARTTLS")
        for line in lines[:-1]:
            self.say("250-" + line)
        self.say("250 " + lines[-1])

    def encrypt(self):
        self.say("220 go")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/cert", f"{folder}/key")
        self.request = context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        self.secure = True
        note("TLS")

    def log_in(self, line):
        words = line.split()
        if len(words) < 3:
            self.say("334 ")
            words.append(self.rfile.readline().decode().strip())
        given = base64.b64decode(words[2]).decode().split("\0")
        good = given[1:] == ["gongbang", "sesame"]
        self.say("235 ok" if good else "535 no")

    def receive(self):
        global count
        self.say("354 go on")
        text = b""
        while not text.endswith(b"\r\n.\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            text += line
        if self.refuses("END"):
            return
        with lock:
            count += 1
            name = f"{folder}/mail.{count}"
        with open(name + ".new", "wb") as out:
            out.write(text[:-3])
        os.rename(name + ".new", name)
        self.say("250 taken")

    def handle(self):
        if self.refuses("220"):
            return
        self.say("220 smtpd ready")
        while True:
            line = self.rfile.readline().decode().strip()
            verb = line.upper()
            if not line or verb == "QUIT":
                return
            note(line)
            if self.refuses(verb[:4]):
                continue
            if verb.startswith("EHLO"):
                self.greet()
            elif verb == "STARTTLS":
                self.encrypt()
            elif verb.startswith("AUTH PLAIN"):
                self.log_in(line)
            elif verb.startswith("RCPT") and "refused@" in line:
                self.say("550 no such user")
            elif verb.startswith("RCPT") and "later@" in line:
                self.say("451 try again")
            elif verb == "DATA":
                self.receive()
            else:
                self.say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", 0), Session) as server:
    with open(f"{folder}/smtp.port.new", "w") as out:
        out.write(str(server.server_address[1]))
    os.rename(f"{folder}/smtp.port.new", f"{folder}/smtp.port")
    server.serve_forever()
