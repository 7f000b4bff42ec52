package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestVerifiedTransport(t *testing.T) {
	tests := map[string]judgement{
		"columns":           {text: "FROM a:1\nRUN cd /x && \\\n    curl -fsSLk https://a.b/c\n", status: checks.Fail, finding: "3:10: curl with -k checks no certificate"},
		"ENV":               {text: "FROM a:1\nENV A=1 \\\n    NODE_TLS_REJECT_UNAUTHORIZED=0\n", status: checks.Fail, finding: "3:5: ENV NODE_TLS_REJECT_UNAUTHORIZED=0: Node.js checks no certificate"},
		"ENV of base stage": {text: "FROM a:1 AS b\nENV GIT_SSL_NO_VERIFY=true\nFROM b\n", status: checks.Fail, finding: "2:5: "},
		"export":            {text: "FROM a:1\nRUN export GIT_SSL_NO_VERIFY=1 && git clone https://a.b/c\n", status: checks.Fail, finding: "2:12: RUN GIT_SSL_NO_VERIFY=1: git"},
		"for one call":      {text: "FROM a:1\nRUN PYTHONHTTPSVERIFY=0 python get.py\n", status: checks.Fail, finding: "2:5: Python"},
		"env":               {text: "FROM a:1\nRUN env NPM_CONFIG_STRICT_SSL=false npm ci\n", status: checks.Fail, finding: "2:9: npm"},
		"build stage":       {text: "FROM a:1 AS b\nRUN wget --no-check-certificate https://a.b/c\nFROM a:1\nCOPY --from=b /c /c\n", status: checks.Fail, finding: "2:10: wget with --no-check-certificate"},
		"stage not used":    {text: "FROM a:1 AS b\nRUN curl -k https://a.b\nFROM a:1\n", status: checks.Pass},
		"healthcheck":       {text: "FROM a:1\nHEALTHCHECK CMD curl -fk https://localhost:8443/ || exit 1\n", status: checks.Pass},
		"ENV unknown":       {text: "FROM a:1\nARG REJECT\nENV NODE_TLS_REJECT_UNAUTHORIZED=$REJECT\n", status: checks.Pass},
		"heredoc of ssh":    {text: "FROM a:1\nRUN <<E\ncat > ~/.ssh/config <<X\nHost *\n  StrictHostKeyChecking no\nX\nE\n", status: checks.Fail, finding: "3: RUN with StrictHostKeyChecking off"},
		"ENV of ssh":        {text: "FROM a:1\nENV A=1 GIT_SSH_COMMAND=\"ssh -o StrictHostKeyChecking=no\"\n", status: checks.Fail, finding: "2:9: ENV with StrictHostKeyChecking off"},
		"ENV of ssh, on":    {text: "FROM a:1\nENV GIT_SSH_COMMAND=\"ssh -i /key\"\n", status: checks.Pass},
		"ENV on":            {text: "FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=1 NPM_CONFIG_STRICT_SSL=true PYTHONHTTPSVERIFY=1 PIP_TRUSTED_HOST=\n", status: checks.Pass},
		"sources":           {text: "FROM a:1\nRUN echo 'deb [arch=amd64 trusted=yes] https://a.b/c stable main' > /etc/apt/sources.list.d/a.list\n", status: checks.Fail, finding: "2:10: echo with trusted=yes checks no signature"},
		"local sources":     {text: "FROM a:1\nRUN echo 'deb [trusted=yes] file:/repo ./' > /etc/apt/sources.list.d/a.list\n", status: checks.Pass},
	}
	for _, line := range []string{
		"curl --insecure https://a.b/c", "curl -sSk -o x https://a.b/c", "sudo curl -k $URL", "sh -c 'curl -k https://a.b'",
		"git config --global http.sslVerify false", "git -c http.sslVerify=false clone https://a.b/c", "git config http.https://a.b/.sslVerify 0",
		"npm config set strict-ssl false", "npm config set strict-ssl=false", "npm set strict-ssl false", "yarn config set strict-ssl false",
		"yarn config set enableStrictSsl false", "npm install --strict-ssl=false", "pnpm install --no-strict-ssl", "pip install --trusted-host pypi.org flask",
		"pip3 install --trusted-host=a.b flask", "python -m pip install --trusted-host a.b flask", "pip config set global.trusted-host a.b",
		"uv pip install --allow-insecure-host a.b flask", "apt-get install -y --allow-unauthenticated curl", "apt-get --force-yes install curl",
		"apt-get -o APT::Get::AllowUnauthenticated=true install curl", "apt-get -oAcquire::https::Verify-Peer=false update",
		"apk add --allow-untrusted curl", "apk add --no-cache --allow-untrusted --repository https://a.b c", "yum install -y --nogpgcheck curl", "tdnf install --nogpgcheck -y a",
		"dnf install --setopt=sslverify=false curl", "dnf --setopt gpgcheck=0 install curl", "dnf install --nogpgcheck https://a.b/c.rpm",
		"yum-config-manager --setopt=sslverify=false --save", "dnf config-manager --setopt=base.sslverify=0", "zypper --no-gpg-checks install curl",
		"rpm -ivh --nosignature https://a.b/c.rpm", "conda config --set ssl_verify false", "composer config -g disable-tls true",
		"GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=no' git clone git@a.b:c", "ssh -o StrictHostKeyChecking=no a.b true", "scp -oStrictHostKeyChecking=no a.b:c /c", "rsync -e 'ssh -o StrictHostKeyChecking=no' a.b:c /c",
		"git -c core.sshCommand='ssh -o StrictHostKeyChecking=off' clone git@a.b:c", "echo 'StrictHostKeyChecking no' >> /root/.ssh/config", "printf 'Host *\\n\\tStrictHostKeyChecking no\\n' > ~/.ssh/config",
		"export GIT_SSH_COMMAND=\"ssh -o StrictHostKeyChecking=no\" && git clone git@a.b:c",
		"bundle config ssl_verify_mode 0", "mvn -Dmaven.wagon.http.ssl.insecure=true package",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Fail, finding: "2: "}
	}
	for _, line := range []string{
		"curl -fsSL -o /srv/k https://a.b/k", "curl -okey https://a.b/c", "curl -H 'a: -k' https://a.b/c", "curl -fk https://localhost:8443/ready",
		"wget -qO- https://a.b/c", "wget --no-check-certificate https://127.0.0.1/x", "git config --global http.sslVerify true", "git clone https://a.b/http.sslVerify",
		"npm config set strict-ssl true", "npm config set registry https://a.b", "pip install --trusted-host localhost flask", "apt-get install -y curl",
		"apk add --allow-untrusted /pkgs/a.apk", "yum install --nogpgcheck ./a.rpm", "rpm -i --nosignature /tmp/a.rpm", "rpm -q --nosignature a",
		"rpm -K https://a.b/c.rpm", "echo curl -k https://a.b", "dnf install --setopt=install_weak_deps=False curl", "apt-get -o Acquire::Check-Valid-Until=false update",
		"wget -k https://a.b/c", "ssh -o StrictHostKeyChecking=yes a.b true", "ssh -o StrictHostKeyChecking=accept-new a.b", "echo 'StrictHostKeyChecking yes' >> ~/.ssh/config", "ssh -o StrictHostKeyChecking=no localhost",
		"grep 'StrictHostKeyChecking no' /etc/ssh/ssh_config", "echo NoStrictHostKeyChecking nothing", "ssh-keyscan a.b >> ~/.ssh/known_hosts", "echo 'StrictHostKeyChecking nobody'",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, verifiedTransport, tests)
}
