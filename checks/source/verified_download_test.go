package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestVerifiedDownload(t *testing.T) {
	tests := map[string]judgement{
		"piped":          {text: "FROM a:1\nRUN curl -fsSL https://a.b/i.sh | sh\n", status: checks.Warn, finding: "2:35: sh runs what curl downloads as it comes, unverified"},
		"piped plainly":  {text: "FROM a:1\nRUN curl -fsSL http://a.b/i.sh | sh\n", status: checks.Fail, finding: "2:34: sh runs what curl downloads as it comes, unverified; the URL is not even encrypted"},
		"plain ARG":      {text: "FROM a:1\nARG URL=http://a.b/i.sh\nRUN curl -fsSL $URL | sh\n", status: checks.Fail, finding: "3:23: "},
		"unpacked":       {text: "FROM a:1\nRUN curl -fsSL https://a.b/c.tgz | tar xz -C /usr/local\n", status: checks.Warn, finding: "2: tar unpacks what curl downloads as it comes"},
		"substitution":   {text: "FROM a:1\nRUN sh -c \"$(curl -fsSL https://a.b/i.sh)\"\n", status: checks.Warn, finding: "2: sh runs what curl downloads"},
		"eval":           {text: "FROM a:1\nRUN eval \"$(wget -qO- http://a.b/i.sh)\"\n", status: checks.Fail, finding: "2: eval runs what wget downloads"},
		"executable":     {text: "FROM a:1\nRUN curl -fsSLo /usr/bin/x https://a.b/x && \\\n    chmod +x /usr/bin/x\n", status: checks.Warn, finding: "3:5: the RUN makes executable x, and nothing verifies what curl got from https://a.b/x"},
		"heredoc":        {text: "FROM a:1\nRUN <<EOF\nset -e\nwget https://a.b/c.tar.gz\ntar -xzf c.tar.gz\nEOF\n", status: checks.Warn, finding: "5:1: the RUN unpacks c.tar.gz"},
		"build stage":    {text: "FROM a:1 AS b\nRUN curl https://a.b/i.sh | sh\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN curl https://a.b/i.sh | sh\nFROM a:1\n", status: checks.Pass},
		"verified by sum": {text: "FROM a:1\nRUN curl -fsSLo x.tgz https://a.b/x.tgz && echo \"$SUM  x.tgz\" | sha256sum -c - && tar xzf x.tgz\n",
			status: checks.Pass},
		"verified by signature": {text: "FROM a:1\nRUN wget https://a.b/x.tgz https://a.b/x.tgz.asc && gpg --batch --verify x.tgz.asc x.tgz && tar xzf x.tgz\n",
			status: checks.Pass},
		"compared":                           {text: "FROM a:1\nRUN curl -o x https://a.b/x; test \"$(sha256sum x | cut -d' ' -f1)\" = \"$SUM\"; chmod +x x\n", status: checks.Pass},
		"script that verifies does not help": {text: "FROM a:1\nRUN echo a b | sha256sum -c && curl https://a.b/i | sh\n", status: checks.Warn},
	}
	for _, line := range []string{
		"wget -qO- https://a.b/i.sh | bash -s -- --yes", "curl -fsSL https://a.b/setup_20.x | sudo -E bash -", "curl https://a.b/i | tee /i.sh | sh",
		"curl -sSL https://a.b/i.py | python3 -", "curl https://a.b/i.py | python3", "curl https://a.b/i | bash -x", "curl \"$URL\" | sh", "curl https://a.b/i | env A=1 sh",
		"bash <(curl -s https://a.b/i.sh)", "source <(curl -s https://a.b/i.sh)", "bash -c \"$(curl -fsSL 'https://a.b/i.sh')\"", "sh -c 'curl https://a.b/i | sh'",
		"curl -LsSf https://a.b/i.sh -o i.sh && sh i.sh", "curl -L https://a.b/i.sh > /tmp/i.sh && bash /tmp/i.sh", "wget https://a.b/c.deb && dpkg -i c.deb",
		"curl -fsSLO https://a.b/c.deb; apt-get install -y ./c.deb", "wget https://a.b/c.apk && apk add --allow-untrusted c.apk", "wget -O /x https://a.b/x && chmod 755 /x",
		"wget -q https://a.b/c.zip && unzip -q c.zip", "curl -o x https://a.b/x && install -m 755 x /usr/bin/", "curl -o /x https://a.b/x; /x --version",
		"wget https://a.b/get-pip.py && python get-pip.py", "curl https://a.b/c.zip | bsdtar -xf - -C /x", "curl -o a.whl https://a.b/a.whl && pip install ./a.whl",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"curl -fsSL https://a.b/k.gpg | gpg --dearmor -o /etc/apt/keyrings/k.gpg", "curl https://a.b/k | apt-key add -", "curl -s https://a.b/v.json | jq -r .v",
		"curl -s https://a.b/v.json | python3 -c 'import json'", "curl https://a.b/x | python3 -m json.tool", "curl https://a.b/x | perl -pe s/a/b/", "curl https://a.b/x | bash script.sh", "curl https://a.b/x | node filter.js",
		"curl -fsSLo /etc/apt/keyrings/k.asc https://a.b/k.asc && chmod a+r /etc/apt/keyrings/k.asc", "curl -o /d.json https://a.b/d.json && chmod 644 /d.json",
		"curl -fsS http://localhost:8080/ | sh", "V=$(curl -s https://a.b/v) && echo $V", "echo \"$(curl -s https://a.b/v)\"", "echo https://a.b/i | sh", "cat i.sh | sh",
		"wget https://a.b/c.apk && apk add c.apk", "curl -o data.json https://a.b/data.json", "tar xzf local.tgz", "curl https://a.b/c.tgz | tar t", "curl -o x.txt https://a.b/x.txt && cat x.txt",
		"rpm --import https://a.b/k && curl -o k https://a.b/k && rpm --import k", "curl -fsS https://a.b/ping", "sh -c 'echo $(curl https://a.b/v)'",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	for _, line := range []string{
		"git clone https://github.com/a/b && cd b && make install", "git clone --depth 1 https://github.com/a/b.git /tmp/src && make -C /tmp/src install", "git clone https://github.com/a/b.git && ./b/install.sh",
		"git clone --depth=1 git@github.com:a/b.git && cd b && ./configure && make", "git clone https://github.com/a/b && cd b && pip install .", "git clone https://github.com/a/b && sh b/install.sh",
		"git -c http.proxy=x clone https://github.com/a/b && cd b/src && cmake . && make", "git clone https://github.com/a/b && cd b && go install ./...",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2:5: the RUN builds or runs the newest commit of "}
	}
	for _, line := range []string{
		"git clone --branch v1 https://github.com/a/b && cd b && make", "git clone -b v1 https://github.com/a/b && cd b && make", "git clone https://github.com/a/b && cd b && git checkout 1234567 && make",
		"git clone https://github.com/a/b && git -C b reset --hard 1234567 && make -C b", "git clone https://github.com/pyenv/pyenv.git /root/.pyenv", "git clone $URL && cd b && make", "git clone $OPTIONS https://github.com/a/b && cd b && make",
		"git clone https://github.com/a/b && cd c && make", "git clone https://github.com/a/b && pip install -r requirements.txt", "git clone /src/b && cd b && make", "git clone file:///src/b && cd b && make", "make && git clone https://github.com/a/b",
		"git clone https://github.com/a/b && sh /install.sh", "git clone https://github.com/a/b && cd b && ls", "git fetch https://github.com/a/b && make",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, verifiedDownload, tests)
	// Once, for who reads it first.
	text := "FROM a:1\nRUN curl https://a.b/x | sh | sh | tar x\n"
	if f := run(t, verifiedDownload, text, dockerfile.Options{}).Findings; len(f) != 1 || f[0].Location.Column != 26 {
		t.Errorf("%+v", f)
	}
	text = "FROM a:1\nRUN (curl https://a.b/x; curl https://a.b/y) | cat | sh\n"
	if f := run(t, verifiedDownload, text, dockerfile.Options{}).Findings; len(f) != 2 {
		t.Errorf("%+v", f)
	}
}
