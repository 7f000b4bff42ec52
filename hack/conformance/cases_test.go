package conformance

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

// cases are Dockerfiles that are hard to judge, by what they are about. Each is
// judged in all its variants.
var cases = map[string][]string{
	"casing": {
		"FROM a:1\nRUN a\nworkdir /x\n",
		"from a:1\nrun a\nWORKDIR /x\n",
		"FROM a:1\nrun a\n",
		"From a:1\nRun a\ncmd [\"x\"]\n",
		"fRoM a:1\nRUN a\nrUn b\nCMD [\"c\"]\n",
		"ARG A=1\narg B=1\nFROM a:1\nArg C\n",
		"FROM a:1 as b\n", "from a:1 AS b\n", "From a:1 as b\n", "FROM a:1 As b\n", "from a:1 as B\nFROM a AS C\n",
		"FROM a:1 AS B\nONBUILD run x\nFROM b\n",
		"from a:1\nmaintainer x\nMaintainer y\n",
	},
	"stage names": {
		"FROM a:1 AS scratch\nFROM scratch\nRUN x\n",
		"FROM a:1 AS context\nCOPY x /x\n",
		"FROM a:1 AS b\nFROM a:1 AS B\nFROM b\nFROM a:1 AS b\nCOPY --from=b /x /x\n",
		"FROM a:1 AS b\nWORKDIR /x\nFROM B\nWORKDIR x\n",
		"FROM a:1 AS b\nFROM b AS b\nCOPY --from=b / /\n",
		"FROM a:1 AS 1\n", "FROM a:1 AS b_c-d.e\n", "FROM a:1 b\n", "FROM\n", "FROM a:1 AS\n",
	},
	"base names": {
		"ARG TAG\nFROM a:$TAG\n", "ARG TAG\nFROM a:${TAG:-1}\n", "ARG TAG=\nFROM a:$TAG\n", "ARG A\nFROM $A\nFROM ${A}\n",
		"FROM $A\nWORKDIR x\n", "FROM a:$B\n", "ARG TAGS=1\nFROM a:$TAG\n", "ARG TAGA=1 TAGB=2\nFROM a:$TAGC\n",
		"ARG A=Upper\nFROM $A\nFROM x:$A\n", "FROM Upper\n", "FROM a:1:2\n", "FROM a@sha256:abc\n", "FROM -a\n", "FROM a/b/c:d_e.f-g\n",
		"FROM localhost:5000/a:1\n", "FROM a@sha256:0123456789012345678901234567890123456789012345678901234567890123\n",
		"FROM 'a:1'\nFROM \"b:1\"\nFROM a\\:1\n", "FROM a:'1\n", "FROM a:${B\n", "FROM a:${B?}\nFROM b:${C:?say C}\n", "FROM a:${B^^}\n", "FROM ${:x}\n",
		"ARG A=1\nFROM a:${A:+2}\nFROM a:${B:+2}1\nFROM a:${A#1}\n", "ARG A=1.2.3\nFROM a:${A%.*}\nFROM a:${A%%.*}\nFROM a:${A//./-}\nFROM a:${A/./}\n",
		"ARG A=x\nFROM scratch AS x\nWORKDIR $Y\nFROM $A\nWORKDIR $Y\n", "ARG A=scratch\nFROM $A\nRUN $Y\nWORKDIR $Y\n",
		"FROM build-$TARGETARCH\n", "FROM scratch AS build-amd64\nWORKDIR x\nONBUILD WORKDIR y\nFROM build-$TARGETARCH\nWORKDIR z\n",
		"FROM scratch AS linux\nCMD a\nSHELL [\"a\"]\nFROM ${TARGETOS}\nCMD a\n",
		"FROM a:1 AS b\nFROM c\nFROM b:1\n", "FROM a:$TARGETSTAGE\nFROM a:1 AS b\n",
		"FROM a:$BUILDPLATFORM\n", "FROM a$TARGETVARIANT$TARGETOSVERSION\n", "FROM a:${TARGETVARIANT:?none}\n",
	},
	"global arguments": {
		"ARG A=${B:?none}\nFROM a:1\n", "ARG A=${B:?none}\nFROM a:$A\nFROM b:$C\n", "ARG A='1\nFROM a:1\n", "ARG A=1\nARG A=${A}2\nFROM a:$A\n", "ARG A=1 B=$A C=$B\nFROM a:$C\n",
		"ARG A=1\nARG A\nFROM a:$A\n", "ARG TARGETARCH\nFROM a:$TARGETARCH\n", "ARG TARGETARCH=x\nFROM a:$TARGETARCH\n", "ARG A=$B\nFROM a:1$A\n",
		"ARG A=\"x y\"\nFROM a:1\nARG A\nWORKDIR /$A\n", "ARG A=1\nFROM a:1\nWORKDIR $A\nARG A\nWORKDIR /$A\n", "ARG A=/1\nFROM scratch\nWORKDIR $A\n",
		"ARG TOKEN\nARG KEY=1\nFROM a:1\n", "ARG =1\nFROM a:1\n", "ARG\nFROM a:1\n", "ARG A B C=1\nFROM a:$C\n",
	},
	"platforms": {
		"FROM --platform=linux/amd64 a:1\n", "FROM --platform=linux/amd64 a:1 AS build-amd64\n", "FROM --platform=linux a:1 AS on-linux\nFROM --platform=arm64 a:1\n",
		"FROM --platform=$TARGETPLATFORM a:1\n", "FROM --platform=${TARGETPLATFORM} a:1\nFROM --platform=$BUILDPLATFORM a:1\n", "FROM --platform=$TARGETPLATFORM$EMPTY a:1\n",
		"FROM --platform=$TARGETOS/$TARGETARCH a:1\n", "FROM --platform=linux/$TARGETARCH a:1\n", "ARG P=linux/arm64\nFROM --platform=$P a:1\n", "ARG P\nFROM --platform=$P a:1\n",
		"FROM --platform=$P a:1\n", "FROM --platform=$TARGETPLATFOM a:1\n", "FROM --platform=foo a:1\n", "FROM --platform=foo/bar/baz/qux a:1\n", "FROM --platform=linux/* a:1\n",
		"FROM --platform=linux/$X a:1\n", "FROM --platform=${X?no} a:1\n", "FROM --platform='x a:1\n", "FROM --platform= a:1\n", "FROM --platform=$TARGETPLATFORMX/ a:1\n",
		"FROM --platform=windows/amd64 a:1\nWORKDIR C:\\\\app\n", "FROM --platform=windows/amd64 scratch\nWORKDIR C:\\\\app\n", "FROM --platform=Linux/x86_64 a:1\n",
		"FROM --platform=windows/amd64 a:1 AS b\nFROM --platform=linux/amd64 b\nWORKDIR C:\\\\app\n", "FROM --platform=windows(10.0)/amd64 a:1\n", "FROM --platform=darwin a:1\n",
		"FROM --platform=linux/amd64 --platform=linux/arm64 a:1\n", "FROM --plat=x a:1\n",
	},
	"argument scopes": {
		"FROM scratch\nARG A\nWORKDIR /$A\n", "FROM scratch\nARG A=1\nWORKDIR $A\n", "FROM scratch\nWORKDIR /$A\nARG A=1\n", "FROM scratch\nARG A=$B\nARG B=1 C=$B D=$E\n",
		"FROM scratch\nARG A=1 B=$A\nWORKDIR $B\n", "FROM scratch\nENV A=1 B=$A\nWORKDIR /$B\n", "FROM scratch\nENV A=1\nENV B=$A\nWORKDIR $B\n",
		"FROM scratch AS a\nARG A=/1\nFROM a\nWORKDIR $A\n", "FROM scratch AS a\nARG A\nFROM a\nWORKDIR /$A\n", "FROM scratch AS a\nENV A=x\nFROM a AS b\nFROM b\nWORKDIR $A\n",
		"FROM scratch AS a\nENV A=/env\nARG A=arg\nWORKDIR $A\nFROM a\nWORKDIR $A\n", "FROM scratch AS a\nARG A=arg\nENV A=/env\nFROM a\nARG A=x\nWORKDIR $A\n",
		"FROM scratch AS a\nENV A=/e\nFROM a AS b\nARG A=rel\nFROM b\nEXPOSE $A\n", "FROM scratch AS a\nARG A=x\nFROM a AS b\nARG A=y\nFROM b\nWORKDIR $A\n",
		"FROM scratch\nENV A=1\nARG A\nWORKDIR $A\n", "FROM scratch\nENV A=1\nARG A=2\nWORKDIR $A\n", "ARG A=global\nFROM scratch\nENV A=env\nARG A\nWORKDIR $A\n",
		"ARG A=global\nFROM scratch\nARG A=local\nWORKDIR $A\n", "ARG A=global\nFROM scratch AS b\nARG A\nFROM b\nWORKDIR $A\n", "FROM a:1\nWORKDIR $A\n", "FROM a:1\nENV AB=1\nWORKDIR $AC\n",
		"FROM scratch\nARG TARGETARCH\nWORKDIR $TARGETARCH\n", "FROM scratch\nWORKDIR $TARGETARCH\n", "FROM scratch\nARG TARGETARCH=x\nWORKDIR $TARGETARCH\n", "FROM scratch\nARG TARGETOSVERSION TARGETVARIANT\nWORKDIR /$TARGETOSVERSION$TARGETVARIANT\n",
		"FROM scratch\nWORKDIR /$HTTP_PROXY\nARG HTTP_PROXY\nWORKDIR /$HTTP_PROXY\n", "FROM scratch\nENV P=$https_proxy$NO_PROXY\n", "FROM scratch\nWORKDIR /$BUILDKIT_SBOM_SCAN_STAGE$BUILDKIT_INLINE_CACHE\n",
		"FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=1\nWORKDIR $BUILDKIT_SBOM_SCAN_STAGE\n", "ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nFROM scratch\nWORKDIR $BUILDKIT_SBOM_SCAN_CONTEXT\n",
		"FROM scratch\nENV $A=1\nENV X$PATH=2\nWORKDIR $A\n", "FROM scratch\nENV PATH=$PATH:/x\nWORKDIR $PATH\n", "FROM scratch\nWORKDIR $PATHS$PAT$PTH\n", "FROM scratch\nARG $A=1\nWORKDIR $A\n",
		"FROM scratch\nARG A=\nWORKDIR ${A:-x}$A\n", "FROM scratch\nENV A=${A}x\nENV A=${A}y\nWORKDIR $A\n", "FROM scratch\nWORKDIR /$a$A$1$@$$\n", "FROM scratch\nWORKDIR /${1}${@}${é}$é\n",
	},
	"suggestions": {
		"FROM scratch\nARG ONE=1\nARG TWO=2\nWORKDIR /$ON/$TW/$THREE\n", "FROM scratch\nARG V1=1 V2=2\nWORKDIR /$V3\n", "FROM scratch\nENV V1=1 V2=2\nENV V1=3\nWORKDIR /$V3\n", "FROM scratch\nENV V1=1\nARG V2=2\nENV V1=3\nWORKDIR /$V3\n",
		"FROM scratch AS a\nARG V1=1\nENV V2=2\nARG V4=4\nFROM a\nWORKDIR /$V3\n", "FROM scratch AS a\nARG V1=1\nARG V2=2\nARG V1=3\nFROM a\nWORKDIR /$V3\n",
		"FROM scratch AS a\nENV V1=1\nENV V2=2\nENV V1=3\nFROM a\nWORKDIR /$V3\nENV V1=1\nWORKDIR /$V3\n", "FROM scratch AS a\nENV V1=1\nFROM a AS b\nARG V2=1\nENV V4=1\nARG V1=2\nFROM b\nARG V5=1\nWORKDIR /$V3\n",
		"FROM scratch\nARG V1\nARG V2=1\nWORKDIR /$V3\n", "FROM scratch\nENV LONGNAME=1\nWORKDIR /$LONGNAMES/$LONGNA/$LONG/$longname/$LONGANME\n", "FROM scratch\nENV ÄÖ=1\nWORKDIR /$ÄÖÜ/$AO\n", "FROM scratch\nWORKDIR /$A$B\nENV AB=$C\n",
		"ARG A1=1 A2=2\nFROM x:$A3\n", "ARG DECLARED\nFROM x:1$DECLARE\n", "FROM x:1$TARGETARHC$BUILDARHC\n", "ARG A=1\nFROM --platform=linux/amd$B x:1\n",
	},
	"words": {
		"FROM scratch\nWORKDIR '$A'\nWORKDIR \"$A\"\nWORKDIR \\$A\n", "FROM scratch\nWORKDIR \"a\n", "FROM scratch\nWORKDIR 'a\n", "FROM scratch\nWORKDIR ${A\n", "FROM scratch\nWORKDIR ${A:}\n", "FROM scratch\nWORKDIR ${}\n",
		"FROM scratch\nWORKDIR ${A:-x}\nWORKDIR ${A-$B}\nWORKDIR ${A:+$B}\n", "FROM scratch\nARG A=a.b.c\nWORKDIR ${A#*.}\nWORKDIR /${A##*.}\n", "FROM scratch\nARG A=abc\nWORKDIR ${A#[}\nWORKDIR ${A%\\x}\n", "FROM scratch\nARG A=abc\nWORKDIR ${A/b/x}${A//c/$B}\n",
		"FROM scratch\nWORKDIR ${A?}\n", "FROM scratch\nWORKDIR ${A:?say $B}\n", "FROM scratch\nARG A=\nWORKDIR ${A:?}${A?}\n", "FROM scratch\nWORKDIR ${A:#x}\n", "FROM scratch\nWORKDIR ${A/x}\n", "FROM scratch\nWORKDIR ${A^}\n",
		"FROM scratch\nWORKDIR /x\\ y\nWORKDIR /x\\\n", "FROM scratch\nWORKDIR caf\xe9\nWORKDIR x\n", "FROM scratch\nWORKDIR \"\"\nWORKDIR x\n", "FROM scratch\nWORKDIR <<A\n", "FROM scratch\nWORKDIR $\nWORKDIR a$\n",
		"# escape=`\nFROM scratch\nWORKDIR a`$b\\$c\n", "# escape=`\nFROM scratch\nRUN a `\n b\nWORKDIR \"a`\"b\"\n", "# escape=`\nFROM scratch\nENV A=`$B C=\\$D\n", "FROM scratch\nENV A='$B' C=\"$D\" E=\\$F G=$H\n", "FROM scratch\nENV A $B c \"$D\n", "FROM scratch\nENV A=$B C='\n",
		"FROM scratch\nLABEL \"$A\"=\"$B\" c='$D'\n", "FROM scratch\nUSER $A:$B\n", "FROM scratch\nSTOPSIGNAL $A\n", "FROM scratch\nMAINTAINER $A\nSHELL [\"$A\"]\nCMD [\"$A\"]\nENTRYPOINT $A\nHEALTHCHECK CMD $A\nRUN $A\n", "FROM scratch\nVOLUME [\"$A\", \"/b\"]\n",
	},
	"key and value": {
		"FROM a:1\nENV A b c\n", "FROM a:1\nenv A b\nLABEL a b c\nlabel A=1 b=2\n", "FROM a:1\nENV A\n", "FROM a:1\nLABEL a\n", "FROM a:1\nENV A=1 B\n", "FROM a:1\nENV =1\n", "FROM a:1\nLABEL \"\"=1\n", "FROM a:1\nENV\n",
		"FROM a:1\nENV TOKEN=1 MY_SECRET_KEY=2 PUBLIC_KEY=3 KEYS=4 AUTH_FILE=5\n", "FROM a:1\nARG token\nARG apikey=1 x_passwd credential_version pword\n", "FROM a:1\nENV X$Y=1 MY_$Y=2 ${Z:-TOKEN}=3\n", "FROM a:1\nENV PASSWORD x\nONBUILD ARG TOKEN\nFROM a:1\n",
		"FROM a:1 AS b\nONBUILD ARG TOKEN\nONBUILD ENV A b\nFROM b\n",
	},
	"working directories": {
		"FROM a:1\nWORKDIR a\nWORKDIR b\nWORKDIR /c\nWORKDIR d\n", "FROM a:1\nWORKDIR /a\nWORKDIR b\n", "FROM a:1 AS b\nWORKDIR /a\nFROM b\nWORKDIR b\n", "FROM a:1 AS b\nWORKDIR a\nFROM b\nWORKDIR b\n", "FROM a:1\nWORKDIR a b\n", "FROM a:1\nWORKDIR\n", "FROM a:1\nWORKDIR --x a\n",
		"FROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR C:\\\\a\nWORKDIR D:\\\\a\n", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR C:\\a\nWORKDIR c:b\nWORKDIR a\\b\nWORKDIR C:\n", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR \\\\host\\share\n",
		"# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR app\nWORKDIR $PATH\n", "# escape=`\nFROM a:1 AS build\nWORKDIR C:\\x\nFROM mcr.microsoft.com/windows/nanoserver:1\nCOPY --from=build C:\\a D:\\b\n",
		"# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR C:\\x\nCOPY a .\nCOPY b\\c ..\\d\nCOPY d:\\a b\nCOPY C: x\n", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nADD a c:d:\\e\n", "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:1\nCOPY --parents a\\.\\b d:/./c /x\n",
		"# escape=`\nFROM --platform=linux/amd64 scratch AS l\nWORKDIR x\nFROM mcr.microsoft.com/windows/nanoserver:1\nCOPY <<d: /x\na\nd:\n",
	},
	"once": {
		"FROM a:1\nCMD a\nCMD [\"b\"]\ncmd c\n", "FROM a:1\nENTRYPOINT a\nENTRYPOINT b\n", "FROM a:1\nHEALTHCHECK NONE\nHEALTHCHECK CMD a\nHEALTHCHECK --interval=5s CMD [\"b\"]\n", "FROM a:1 AS b\nCMD a\nFROM b\nCMD b\n", "FROM a:1 AS b\nONBUILD CMD a\nFROM b\nCMD b\nCMD c\n",
		"FROM a:1\nSHELL [\"a\"]\nCMD a\nENTRYPOINT b\n", "FROM a:1\nCMD a\nSHELL [\"a\"]\nENTRYPOINT b\n", "FROM a:1 AS b\nSHELL [\"a\"]\nFROM b\nCMD a\n", "FROM a:1 AS b\nFROM a:1\nSHELL [\"a\"]\nFROM b\nCMD a\n", "FROM a:1\nCMD\nENTRYPOINT\n", "FROM a:1\nCMD []\nENTRYPOINT []\n", "FROM a:1\nCMD [\"a\" \"b\"]\n",
		"FROM a:1\nHEALTHCHECK CMD\n", "FROM a:1\nHEALTHCHECK NONE x\n", "FROM a:1\nHEALTHCHECK x\n", "FROM a:1\nHEALTHCHECK --interval=1ns CMD x\n", "FROM a:1\nHEALTHCHECK --retries=-1 CMD x\n", "FROM a:1\nSHELL a\n", "FROM a:1\nSHELL []\n", "FROM a:1\nMAINTAINER\nMAINTAINER a b\n", "FROM a:1\nmaintainer a\n",
	},
	"ports": {
		"FROM a:1\nEXPOSE 80 80/tcp 80/TCP 80/Udp 53/udp 9/sctp 80/\n", "FROM a:1\nEXPOSE 80/http\n", "FROM a:1\nEXPOSE /tcp\n", "FROM a:1\nEXPOSE 65535 0\n", "FROM a:1\nEXPOSE 65536\n", "FROM a:1\nEXPOSE -1\n", "FROM a:1\nEXPOSE 80-90 90-90\n", "FROM a:1\nEXPOSE 90-80\n", "FROM a:1\nEXPOSE 80-\n", "FROM a:1\nEXPOSE 1-65536\n", "FROM a:1\nEXPOSE a\n", "FROM a:1\nEXPOSE +80 080\n",
		"FROM a:1\nEXPOSE 80:81 127.0.0.1:80:81 127.0.0.1::80\n", "FROM a:1\nEXPOSE [::1]:80:81\n", "FROM a:1\nEXPOSE ::1:80:81\n", "FROM a:1\nEXPOSE [::1:80:81\n", "FROM a:1\nEXPOSE host:80:81\n", "FROM a:1\nEXPOSE 1-3:1-4\n", "FROM a:1\nEXPOSE 1-3:5\n", "FROM a:1\nEXPOSE 1-3:4-6\n", "FROM a:1\nEXPOSE a:5\n", "FROM a:1\nEXPOSE 99999999999999999999\n", "FROM a:1\nEXPOSE 80:\n", "FROM a:1\nEXPOSE :80\n", "FROM a:1\nEXPOSE :\n",
		"FROM a:1\nARG P=80\nEXPOSE $P $P/TCP\n", "FROM scratch\nEXPOSE $P\n", "FROM scratch\nENV P=\"80 81/TCP  82\"\nEXPOSE $P\n", "FROM scratch\nENV P=\"80 81\"\nEXPOSE \"$P\"\n", "FROM a:1\nEXPOSE ${P:?none}\n", "FROM a:1\nEXPOSE '80\n", "FROM a:1\nEXPOSE ${P:-80}\n", "FROM a:1\nEXPOSE\n", "FROM a:1\nEXPOSE 9 8 70000 a\n", "FROM a:1\nEXPOSE \"\"\n", "FROM a:1\nEXPOSE 1 \\\n # c\n 2/TCP\n",
	},
	"copies": {
		"FROM a:1 AS b\nFROM a:1\nCOPY --from=b /a /b\nCOPY --from=B /a /c\nCOPY --from=0 /a /d\nCOPY --from=c /a /e\n", "FROM a:1\nCOPY --from=0 /a /b\n", "FROM a:1\nCOPY --from=1 /a /b\n", "FROM a:1\nCOPY --from=-1 /a /b\n", "FROM a:1\nCOPY --from=+0 /a /b\n", "FROM a:1 AS b\nCOPY --from=b /a /b\n",
		"FROM a:1\nRUN --mount=type=cache,target=/a x\nCOPY --from=1 /a /b\nCOPY --from=2 /a /b\n", "FROM a:1\nCOPY --from=c /a /b\nCOPY --from=1 /a /b\n", "FROM a:1\nCOPY --from=$A /a /b\n", "FROM a:1\nARG A=b\nCOPY --from=${A} /a /b\n", "FROM a:1\nCOPY --from='b' /a /b\n", "FROM a:1\nCOPY --from=\"b /a /b\n", "FROM a:1\nCOPY --from=Upper /a /b\n", "FROM a:1\nCOPY --from=a:b:c /a /b\n", "FROM a:1\nCOPY --from= /a /b\n", "FROM a:1\nCOPY --from=scratch /a /b\nCOPY --from=SCRATCH / /\n",
		"FROM a:1\nCOPY --from=b /a /b\nFROM a:1 AS b\n", "FROM a:1 AS a\nCOPY --from=b /a /b\nFROM a:1 AS b\nCOPY --from=a /a /b\n", "FROM a:1 AS a\nCOPY --from=c / /\nFROM a:1 AS b\nCOPY --from=a / /\nFROM a:1 AS c\nRUN --mount=from=b,target=/x y\n", "FROM a:1 AS a\nFROM a:1 AS b\nCOPY --from=c /x /x\nFROM a AS c\nCOPY --from=b /x /x\n", "FROM a:1 AS a\nCOPY --from=b /x /x\nFROM a AS b\n", "FROM a:1\nCOPY --from=1 /a /b\nFROM a:1\nCOPY --from=0 /a /b\n",
		"FROM a:1\nCOPY a\n", "FROM a:1\nCOPY\n", "FROM a:1\nCOPY --x a b\n", "FROM a:1\nCOPY --chmod=755 a b\nCOPY --chmod=u=rwX,go=rX a b\nCOPY --chmod=08 a b\n", "FROM a:1\nCOPY --chmod=77777 a b\n", "FROM a:1\nCOPY --chmod=x a b\n", "FROM a:1\nCOPY --chmod=u a b\n", "FROM a:1\nCOPY --chmod=9 a b\n", "FROM a:1\nCOPY --chmod=99999999999999 a b\n", "FROM a:1\nARG M=u+x\nCOPY --chmod=$M a b\nCOPY --chmod=$N a b\n", "FROM a:1\nCOPY --chmod=-1 a b\n", "FROM a:1\nADD --chmod=0o7 a b\n",
		"FROM a:1\nCOPY --link --chown=app a b\n", "FROM a:1\nCOPY --link --chown=1:app a b\n", "FROM a:1\nCOPY --link --chown=root:root a b\nCOPY --link --chown=1: a b\nCOPY --link --chown=:1 a b\nCOPY --link --chown=1:2:3 a b\n", "FROM a:1\nARG U=app\nADD --link --chown=$U a b\n", "FROM a:1\nCOPY --link=false --chown=app a b\n", "FROM a:1\nCOPY --chown=$X$PATHS a b\n", "FROM a:1\nCOPY --link=maybe a b\n",
		"FROM scratch\nCOPY $A $B\n", "FROM scratch\nCOPY a ${A:?x}\nCOPY $C d\n", "FROM a:1\nCOPY http://x/y /\n", "FROM a:1\nCOPY https://x/y.git /\n", "FROM a:1\nCOPY git@github.com:x/y.git /\n", "FROM a:1\nCOPY github.com/x/y /\n", "FROM a:1\nCOPY [\"a\", \"b c\", \"$D\", \"/\"]\n", "FROM a:1\nCOPY [\"a\"]\n", "FROM a:1\nCOPY --exclude=[ --exclude=$X a /\n", "FROM a:1\nCOPY --parents a/./b c /x\n", "FROM a:1\nCOPY --from=b --parents $A /./$B /x\n",
	},
	"additions": {
		"FROM a:1\nADD https://x/y /\nADD --checksum=sha256:0123456789012345678901234567890123456789012345678901234567890123 https://x/y /\n", "FROM a:1\nADD --checksum=sha256:abc https://x/y /\n", "FROM a:1\nADD --checksum=foo https://x/y /\n", "FROM a:1\nADD --checksum=md5:0123 https://x/y /\n", "FROM a:1\nADD --checksum=sha512:0123 https://x/y /\n", "FROM a:1\nADD --checksum=x a /\n", "FROM a:1\nADD --checksum=x https://a/b https://c/d /\n", "FROM a:1\nADD --checksum=$X https://a/b /\n", "FROM a:1\nADD --checksum=x github.com/a/b /\n", "FROM a:1\nCOPY --checksum=x a /\n", "FROM a:1\nADD --checksum=x <<A /\na\nA\n",
		"FROM a:1\nADD https://x/y.git /\nADD https://x/y.git#main:dir /\nADD git@x.y:z/a.git#b /\nADD git://x/y /\nADD ssh://git@x/y /\nADD ftp://x/y /\n", "FROM a:1\nADD https://x/y.git?ref=a&ref=b /\n", "FROM a:1\nADD https://x/y.git?ref= /\n", "FROM a:1\nADD https://x/y.git?foo=1 /\n", "FROM a:1\nADD https://x/y.git?tag=1&branch=2 /\n", "FROM a:1\nADD https://x/y.git?ref=a#b /\n", "FROM a:1\nADD https://x/y.git?tag=v1#refs/tags/v1 /\n", "FROM a:1\nADD https://x/y.git?tag=v1#v1 /\n", "FROM a:1\nADD https://x/y.git?branch=b#b /\n", "FROM a:1\nADD https://x/y.git?branch=refs/heads/b /\n", "FROM a:1\nADD https://x/y.git?subdir=a#b:c /\n", "FROM a:1\nADD https://x/y.git?subdir=a#b:/a /\n", "FROM a:1\nADD https://x/y.git?mtime=x /\n", "FROM a:1\nADD https://x/y.git?mtime=commit&submodules&keep-git-dir=1&fetch-by-commit /\n", "FROM a:1\nADD https://x/y.git?submodules=x /\n", "FROM a:1\nADD https://x/y.git?fetch-by-commit=x /\n", "FROM a:1\nADD https://x/y.git?keep-git-dir=x /\n",
		"FROM a:1\nADD --keep-git-dir=true https://x/y.git?keep-git-dir=false /\n", "FROM a:1\nADD https://x/y.git?keep-git-dir=false https://x/z.git?keep-git-dir=true /\n", "FROM a:1\nADD --checksum=abc https://x/y.git?checksum=abd /\n", "FROM a:1\nADD --checksum=abc https://x/y.git?commit=abc /\n", "FROM a:1\nADD https://x/y.git?checksum=abc https://x/z /\n", "FROM a:1\nADD git@x:y?foo=1 /\n", "FROM a:1\nADD git@x:y?%zz /\n", "FROM a:1\nADD https://x/%zz.git /\n", "FROM a:1\nADD HTTPS://x/y.git?foo=1 /\n", "FROM a:1\nADD github.com/a/b?foo=1 /\n", "FROM a:1\nADD github.com/a/b#main /\n", "FROM a:1\nADD ./https://x /\n", "FROM a:1\nADD 1http://x/y.git?foo=1 /\n", "FROM a:1\nADD --unpack=true --link a.tar /\n", "FROM scratch\nADD $A ${B}c\n", "FROM a:1\nADD --keep-git-dir=x a b\n",
	},
	"heredocs": {
		"FROM scratch\nCOPY <<A /x\n$B ${C:-$D} '$E' \"$F\nA\n", "FROM scratch\nCOPY <<'A' /x\n$B\nA\n", "FROM scratch\nCOPY <<A <<'B' /x/\n$C\nA\n$D\nB\n", "FROM scratch\nADD <<-A /x\n\t${B\n\tA\n", "FROM scratch\nCOPY <<A /x\n${B:?none}\nA\nWORKDIR x\n", "# escape=`\nFROM scratch\nCOPY <<A /x\n`$B \\$C\nA\n", "FROM scratch\nRUN <<A\n$B ${C\nA\n", "FROM scratch\nRUN <<A cat > x\n${B\nA\n", "FROM scratch\nCOPY a <<A\nA\n", "FROM scratch\nCOPY <<A\nA\n", "FROM scratch\nRUN <<A\n",
		"FROM scratch\nCOPY <<A $B\nx\nA\n", "FROM a:1 AS b\nONBUILD COPY <<A /x\n$B\nA\nFROM b\n", "FROM scratch AS b\nONBUILD COPY <<A /x\n$B\nA\nFROM b\n", "FROM scratch\nCMD <<A\nENTRYPOINT <<B\n", "FROM scratch\nRUN [\"<<A\"]\n", "FROM scratch\nCOPY --from=x <<A /a\nb\nA\n", "FROM scratch\nCOPY <<A /x\r\n$B\r\nA\r\n", "FROM scratch\nRUN 3<<A <<B\na\nA\nb\nB\n",
	},
	"mounts": {
		"FROM a:1\nRUN --mount=type=cache,target=/a x\nRUN --mount=type=bind,target=/a,rw x\n", "FROM a:1 AS b\nFROM a:1\nRUN --mount=from=b,target=/a x\nRUN --mount=from=B,target=/a x\nRUN --mount=from=0,target=/a x\nRUN --mount=from=c:1,target=/a x\n", "FROM a:1\nRUN --mount=from=b,target=/a x\nFROM a:1 AS b\n", "FROM a:1 AS b\nRUN --mount=from=b,target=/a x\n", "FROM a:1\nRUN --mount=from=Upper,target=/a x\n", "FROM a:1\nRUN --mount=from=$A,target=/a x\n", "FROM a:1\nRUN --mount=from=a$,target=/a x\n", "FROM a:1\nRUN --mount=type=bind x\n", "FROM a:1\nWORKDIR /a\nRUN --mount=type=bind x\n", "FROM a:1\nRUN --mount=target=/ x\n", "FROM a:1\nRUN --mount=target=// x\n", "FROM a:1\nRUN --mount=target=. x\n", "FROM a:1\nWORKDIR /a/b\nRUN --mount=target=../.. x\n", "FROM a:1 AS b\nWORKDIR /a\nFROM b\nRUN --mount=target=. x\n", "FROM scratch\nRUN --mount=target=. x\n",
		"FROM a:1\nRUN --mount=type=foo,target=/a x\n", "FROM a:1\nRUN --mount=type=cach,target=/a x\n", "FROM a:1\nARG T=cache\nRUN --mount=type=$T,target=/a x\n", "FROM scratch\nRUN --mount=type=cache,target=/$A,id=$B x\n", "FROM a:1\nRUN --mount=target=${A:?x} x\n", "FROM a:1\nRUN --mount=target=/a,foo=1 x\n", "FROM a:1\nRUN --mount=target=/a,sourc=1 x\n", "FROM a:1\nRUN --mount=target=/a,foo x\n", "FROM a:1\nRUN --mount=target=/a,ro=x x\n", "FROM a:1\nRUN --mount=target=/a,rw=x x\n", "FROM a:1\nRUN --mount=target=/a,required x\n", "FROM a:1\nRUN --mount=target=/a,required=1 x\n", "FROM a:1\nRUN --mount=type=secret,id=a,required=x x\n", "FROM a:1\nRUN --mount=type=tmpfs,target=/a,size=x x\n", "FROM a:1\nRUN --mount=target=/a,size=1 x\n", "FROM a:1\nRUN --mount=type=tmpfs,target=/a,size=1m x\n", "FROM a:1\nRUN --mount=type=cache,target=/a,sharing=x x\n", "FROM a:1\nRUN --mount=target=/a,sharing=locked x\n", "FROM a:1\nRUN --mount=type=cache,target=/a,mode=9 x\n", "FROM a:1\nRUN --mount=type=cache,target=/a,uid=a x\n", "FROM a:1\nRUN --mount=type=cache,target=/a,gid=-1 x\n", "FROM a:1\nRUN --mount=target=/a,mode=7 x\n", "FROM a:1\nRUN --mount=target=/a,uid=7 x\n", "FROM a:1\nRUN --mount=target=/a,gid=7 x\n",
		"FROM a:1\nRUN --mount=type=secret x\n", "FROM a:1\nRUN --mount=type=secret,id=a,source=b x\n", "FROM a:1\nRUN --mount=type=secret,id=a,from=b x\n", "FROM a:1\nRUN --mount=type=secret,id=a,sharing=locked x\n", "FROM a:1\nRUN --mount=type=secret,id=a,env=B x\nRUN --mount=type=secret,target=a x\n", "FROM a:1\nRUN --mount=type=ssh x\nRUN --mount=type=ssh,source=a x\n", "FROM a:1\nRUN --mount=type=ssh,target=a,id=$B,mode=0600 x\n", "FROM a:1\nRUN --mount=\"type=cache x\n", "FROM a:1\nRUN --mount='type=cache,target=/a' x\n", "FROM a:1\nRUN --mount= x\n", "FROM a:1\nRUN --mount x\n", "FROM a:1\nRUN --mount=type=cache,target=/a --mount=type=foo x\n",
		"FROM mcr.microsoft.com/windows/nanoserver:1\nRUN --mount=type=secret,id=a x\n", "FROM mcr.microsoft.com/windows/nanoserver:1\nRUN --mount=type=secret,id=a,target=b x\n", "FROM mcr.microsoft.com/windows/nanoserver:1\nRUN --mount=type=secret,target=c:/b x\nRUN --mount=type=secret,id=a,env=B x\nRUN --mount=type=secret,source=a,target=x x\n", "FROM mcr.microsoft.com/windows/nanoserver:1\nRUN --mount=target=c:/a x\nRUN --mount=target=a x\n", "FROM mcr.microsoft.com/windows/nanoserver:1\nWORKDIR /\nRUN --mount=type=cache x\n",
		"FROM a:1\nRUN --network=none --security=insecure x\n", "FROM a:1\nRUN --network=foo x\n", "FROM a:1\nRUN --security=foo x\n", "FROM a:1\nRUN --device=a --device=name=b,name=c x\n", "FROM a:1\nRUN --foo x\n", "FROM a:1\nRUN\n", "FROM a:1 AS scratch\nRUN --mount=type=cache,target=/a x\n", "FROM a:1\nRUN --mount=type=cache,target=/a x\nFROM b:1 AS scratch\n", "FROM a:1 AS scratch\nFROM b:1\nRUN --mount=type=cache,target=/a x\nRUN --mount=target=/a x\n",
	},
	"triggers": {
		"FROM scratch AS b\nONBUILD WORKDIR x\nONBUILD ENV A $B\nFROM b\nFROM b\n", "FROM scratch AS b\nONBUILD WORKDIR x\nFROM b AS c\nFROM scratch\n", "FROM scratch AS b\nONBUILD COPY --from=c /a /b\nFROM scratch AS c\nFROM b\n", "FROM scratch AS b\nONBUILD COPY --from=c /a /b\nFROM b\nFROM scratch AS c\n", "FROM scratch AS b\nONBUILD COPY --from=c /a /b\nFROM b\n", "FROM scratch AS b\nONBUILD COPY --from=Upper /a /b\nFROM b\n", "FROM scratch AS b\nONBUILD COPY --from=9 /a /b\nFROM b\n", "FROM scratch AS b\nONBUILD COPY --from=$C /a /b\nFROM b\n", "FROM scratch AS b\nONBUILD COPY --from=c /a /b\nFROM b AS c\n",
		"FROM scratch AS b\nONBUILD FOO\nFROM scratch\n", "FROM scratch AS b\nONBUILD FOO\nFROM b\n", "FROM scratch AS b\nONBUILD COPY a\nFROM b\n", "FROM scratch AS b\nONBUILD EXPOSE 99999\nFROM b\n", "FROM scratch AS b\nONBUILD EXPOSE 99999\nONBUILD VOLUME $A\nFROM b\nFROM b\n", "FROM a:1\nONBUILD ONBUILD RUN x\n", "FROM a:1\nONBUILD FROM x\n", "FROM a:1\nONBUILD MAINTAINER x\n", "FROM a:1\nONBUILD\n", "FROM a:1\nONBUILD --x RUN y\n",
		"FROM a:1 AS b\nONBUILD RUN --mount=from=c,target=/x y\nFROM b\nFROM a:1 AS c\n", "FROM a:1 AS b\nONBUILD RUN --mount=type=foo y\nFROM b\n", "FROM a:1 AS b\nONBUILD RUN \\\n # comment\n x\nONBUILD ARG TOKEN\nFROM b\n", "FROM scratch AS b\nONBUILD ARG A=1\nFROM b AS c\nWORKDIR $A\nFROM c\nWORKDIR $A\n", "FROM scratch AS b\nONBUILD ENV A=1\nFROM b AS c\nONBUILD WORKDIR $A\nFROM c\n", "FROM scratch AS b\nONBUILD SHELL [\"a\"]\nFROM b\nCMD x\n", "FROM scratch AS b\nONBUILD CMD x\nFROM b\n", "FROM scratch AS a\nFROM scratch AS b\nONBUILD COPY --from=d / /\nFROM b AS c\nFROM b AS d\nCOPY --from=c / /\nFROM d\n",
		"# escape=`\nFROM scratch AS b\nONBUILD WORKDIR `$A\\$B\nFROM b\n", "FROM scratch AS b\nONBUILD # x\nFROM b\n", "# escape=`\nFROM scratch AS b\nONBUILD RUN <<A \\\nit's\nRUN y\nA\nFROM b\n",
	},
	"others": {
		"FROM a:1\nVOLUME /a /b\nVOLUME [\"\"]\n", "FROM a:1\nVOLUME\n", "FROM scratch\nVOLUME $A\n", "FROM a:1\nVOLUME [\"/a\", \"$B\"]\n", "FROM a:1\nVOLUME []\n", "FROM a:1\nSTOPSIGNAL SIGTERM\nSTOPSIGNAL 9\nSTOPSIGNAL quit\nSTOPSIGNAL SIGRTMIN+3\nSTOPSIGNAL RTMAX-14\nSTOPSIGNAL -5\n", "FROM a:1\nSTOPSIGNAL SIGFOO\n", "FROM a:1\nSTOPSIGNAL 0\n", "FROM a:1\nSTOPSIGNAL SIGRTMIN+16\n", "FROM a:1\nSTOPSIGNAL SIGRTMIN+03\n", "FROM a:1\nSTOPSIGNAL SIGRTMAX-15\n", "FROM a:1\nSTOPSIGNAL SIGSIGTERM\n", "FROM a:1\nSTOPSIGNAL\n", "FROM a:1\nARG S=KILL\nSTOPSIGNAL SIG$S\n",
		"FROM a:1\nUSER\n", "FROM a:1\nUSER a b\n", "FROM a:1\nUSER ${A:?x}\nWORKDIR x\n", "FROM a:1\nRUN a && \\\n\n b\nRUN c \\\n # d\n\n e\n", "FROM a:1\nRUN a \\\n\nENV A b\n", "RUN a\nFROM a:1\n", "FROM a:1\nFOO\n", "FROM a:1\nFRO\n", "", "# nothing\n", "ARG A\n", "FROM a:1\r\nWORKDIR x\r\nRUN a \\\r\n b\r\n", "\ufeffFROM a:1 AS B\nWORKDIR x\n", "FROM a:1\n  workdir x\n\tRUN y\n", "FROM a:1\nENV A=${B:?x} C=1\nWORKDIR $A$C\n", "FROM scratch\nARG A=${B:?x} C=1\nWORKDIR $A$C\n",
		"# check=skip=all\nFROM a:1 AS B\nWORKDIR x\n", "# check=error=true\nFROM a:1 AS B\nWORKDIR x\n", "# check=skip=WorkdirRelativePath;error=true;experimental=all\n# B is\nFROM a:1 AS c\nWORKDIR x\n", "FROM a:1\n# check=skip=WorkdirRelativePath\nWORKDIR x\n# check=skip=all\nENV A b\n", "# check=foo\nFROM a:1\n", "# syntax=x\n# escape=x\nFROM a:1\n", "# escape=`\n# escape=\\\nFROM a:1\n", "# check=skip=StageNameCasing\r\nFROM a:1 AS B\r\n", "#check=error=true\nARG A\nFROM a:$A AS B\n",
		"ARG SOURCE_DATE_EPOCH=0123\nFROM scratch\nARG SOURCE_DATE_EPOCH\nWORKDIR $SOURCE_DATE_EPOCH\n", "ARG SOURCE_DATE_EPOCH=foo\nFROM scratch\n", "ARG SOURCE_DATE_EPOCH=context\nFROM scratch\nARG SOURCE_DATE_EPOCH\nWORKDIR $SOURCE_DATE_EPOCH\n", "ARG SOURCE_DATE_EPOCH\nFROM scratch:$SOURCE_DATE_EPOCH\n", "ARG SOURCE_DATE_EPOCH=\nFROM a:1$SOURCE_DATE_EPOCH\n",
		"ARG SOURCE_DATE_EPOCH=b\nFROM a:1 AS b\n", "ARG SOURCE_DATE_EPOCH=B\nFROM scratch AS b\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD https://x/y /\nFROM a:1$SOURCE_DATE_EPOCH\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD https://x/y /\nADD https://x/z /\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD a /\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD https://x/y https://x/z /\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nRUN x\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nARG U=https://x C=foo\nADD --checksum=$C $U/y /\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD https://x/y.git?foo=1 /\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD --checksum=abc https://x/y.git#main /\nFROM a:1\n", "ARG SOURCE_DATE_EPOCH=b\nARG S\nFROM $S AS b\n", "ARG SOURCE_DATE_EPOCH=b\nFROM ${S?} AS b\n", "ARG SOURCE_DATE_EPOCH=b\nFROM scratch AS b\nADD github.com/a/b /\n",
	},
}

func TestCases(t *testing.T) {
	n := 0
	for _, about := range slices.Sorted(maps.Keys(cases)) {
		for _, text := range cases[about] {
			n++
			for _, options := range variants(text) {
				if err := Compare(text, options); err != nil && !errors.Is(err, errBeyond) {
					t.Errorf("%s: %q with %+v:\n%v", about, text, options, err)
				}
			}
		}
	}
	t.Logf("%d cases", n)
}

// rejections are parts of what BuildKit says when it rejects a Dockerfile that it
// can parse; every one is in the cases. Left out are two that cannot be: its parser
// never makes a RUN of several words with a heredoc, nor a secret without a name.
var rejections = []string{
	"failed to process", "base name ($A) should not be blank", "failed to process arguments for platform", "empty platform value from expression", "failed to parse platform",
	"variable expansion is not supported for --from", "invalid stage index", "circular dependency detected on stage", "failed to parse stage name",
	"onbuild trigger should be a single expression", "unknown instruction", "cannot copy from stage", "cannot mount from stage", "ssh does not support source", "invalid mount target",
	"secret target", "secret target is required", "normalizing workdir", "removing drive letter", "user and group names can't be resolved", "invalid chmod parameter", "invalid syntax",
	"checksum can't be specified for multiple sources", "checksum requires HTTP(S) or Git sources", "invalid checksum digest", "unsupported digest algorithm", "has multiple values", "has no value", "unexpected query",
	"branch conflicts with tag", "ref conflicts", "subdir conflicts", "invalid mtime value", "invalid submodules value", "invalid fetch-by-commit value", "invalid keep-git-dir value",
	"source can't be a git ref for COPY", "source can't be a URL for COPY", "inconsistent keep-git-dir configuration", "checksum mismatch", "VOLUME specified can not be an empty string", "invalid signal",
	"no port specified", "invalid proto", "invalid IP address", "invalid containerPort", "invalid hostPort", "invalid ranges specified", "invalid SOURCE_DATE_EPOCH", "failed to process source stage base name",
	"must use FROM scratch", "exactly one remote ADD", "exactly one remote ADD source", "unsupported RUN instruction", "must be a single HTTP(S) or Git ADD", "unsupported mount type", "unexpected key", "must be a key=value pair",
	"unsupported sharing value", "invalid cache sharing", "not allowed for", "invalid value", "secret mount should not", "both source and id can't be set",
}

// TestCasesReach wants every rule and every rejection to be in the cases.
func TestCasesReach(t *testing.T) {
	rules := map[string]bool{"CopyIgnoredFile": true} // needs a build context
	var rejected strings.Builder
	for _, texts := range cases {
		for _, text := range texts {
			source, err := dockerfile.Load(fstest.MapFS{"Dockerfile": {Data: []byte(text)}}, dockerfile.Options{})
			if err != nil {
				continue
			}
			verdict, err := Ours(source)
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			for f := range verdict.Findings {
				rules[f.Rule] = true
			}
			if len(verdict.Rejected) > 0 {
				rejected.WriteString(verdict.Rejected[0].Message + "\n")
			}
		}
	}
	for _, rule := range source.BuildKitRules() {
		if !rules[rule] {
			t.Errorf("%s is in no case", rule)
		}
	}
	for _, part := range rejections {
		if !strings.Contains(rejected.String(), part) {
			t.Errorf("no case is rejected with %q", part)
		}
	}
}
