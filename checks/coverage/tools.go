package coverage

// Tool is a linter or a benchmark that others judge images by.
type Tool struct {
	Name string
	// Version is that of the list: the release or commit that it was read from.
	Version string
	// Reference is where the tool says what its rules are.
	Reference string
	Rules     []Rule
	// Further are rules beyond these: those that earlier versions had, and what the
	// tool says of a file that it cannot read. A check may answer them, and need not.
	Further []Rule
}

// Rule is one rule of a tool.
type Rule struct {
	// ID is the tool's; a check of ours that answers it has it among its aliases.
	ID string
	// Title says what the rule asks for.
	Title string
}

// Tools returns the tools, each with all of its rules on Dockerfiles, images or
// Compose files in the order of their ids.
func Tools() []Tool {
	return []Tool{hadolint, buildkit, trivy, checkov, dockle, cis, dclint}
}

var hadolint = Tool{
	Name:      "hadolint",
	Version:   "2.15.1",
	Reference: "https://github.com/hadolint/hadolint#rules",
	Rules: []Rule{
		{"DL1001", "No rule is ignored by a comment"},
		{"DL3000", "WORKDIR is absolute"},
		{"DL3001", "No command that makes no sense in a container, as ssh, vim, service or shutdown"},
		{"DL3002", "The last user is not root"},
		{"DL3003", "WORKDIR instead of cd"},
		{"DL3004", "No sudo"},
		{"DL3006", "The base image has a tag"},
		{"DL3007", "The base image's tag is not latest"},
		{"DL3008", "apt-get installs pinned versions"},
		{"DL3009", "The package lists of apt-get are deleted"},
		{"DL3010", "ADD extracts archives"},
		{"DL3011", "EXPOSE has a port from 0 to 65535"},
		{"DL3012", "One HEALTHCHECK per stage"},
		{"DL3013", "pip installs pinned versions"},
		{"DL3014", "apt-get install has -y"},
		{"DL3015", "apt-get install has --no-install-recommends"},
		{"DL3016", "npm installs pinned versions"},
		{"DL3018", "apk installs pinned versions"},
		{"DL3019", "apk add has --no-cache"},
		{"DL3020", "COPY instead of ADD for files and directories"},
		{"DL3021", "The destination of a COPY of several sources ends with a slash"},
		{"DL3022", "COPY --from names a stage that is defined before it"},
		{"DL3023", "COPY --from does not name its own stage"},
		{"DL3024", "Stage names are unique"},
		{"DL3025", "CMD and ENTRYPOINT are in JSON notation"},
		{"DL3026", "The base image comes from an allowed registry"},
		{"DL3027", "apt-get or apt-cache instead of apt"},
		{"DL3028", "gem installs pinned versions"},
		{"DL3029", "FROM has no --platform"},
		{"DL3030", "yum install has -y"},
		{"DL3032", "yum clean all follows an install"},
		{"DL3033", "yum installs pinned versions"},
		{"DL3034", "zypper install is not interactive"},
		{"DL3035", "No zypper dist-upgrade"},
		{"DL3036", "zypper clean follows an install"},
		{"DL3037", "zypper installs pinned versions"},
		{"DL3038", "dnf install has -y"},
		{"DL3040", "dnf clean all follows an install"},
		{"DL3041", "dnf installs pinned versions"},
		{"DL3042", "pip install keeps no cache"},
		{"DL3043", "ONBUILD triggers no ONBUILD, FROM or MAINTAINER"},
		{"DL3044", "ENV does not refer to a variable that the same instruction sets"},
		{"DL3045", "COPY to a relative path has a WORKDIR before it"},
		{"DL3046", "useradd with a high uid has --no-log-init"},
		{"DL3047", "wget has --progress"},
		{"DL3048", "Label keys are valid"},
		{"DL3049", "Required labels are set"},
		{"DL3050", "No label but those of the schema"},
		{"DL3051", "Labels are not empty"},
		{"DL3052", "Labels that hold a URL hold a valid one"},
		{"DL3053", "Labels that hold a time hold one of RFC 3339"},
		{"DL3054", "Labels that hold a license hold one of SPDX"},
		{"DL3055", "Labels that hold a revision hold a Git hash"},
		{"DL3056", "Labels that hold a version follow semantic versioning"},
		{"DL3057", "The image has a HEALTHCHECK"},
		{"DL3058", "Labels that hold an email address hold a valid one"},
		{"DL3059", "No consecutive RUN instructions"},
		{"DL3060", "yarn cache clean follows an install"},
		{"DL3061", "The Dockerfile begins with FROM, ARG or a comment"},
		{"DL3062", "go install takes pinned versions"},
		{"DL3063", "No stage has a reserved name"},
		{"DL3064", "No secret in ARG or ENV"},
		{"DL3065", "FROM does not set the target platform, which is the default"},
		{"DL3066", "USER is numeric"},
		{"DL3067", "COPY --from does not take a whole file system"},
		{"DL4000", "LABEL instead of MAINTAINER"},
		{"DL4001", "wget or curl, not both"},
		{"DL4003", "One CMD per stage"},
		{"DL4004", "One ENTRYPOINT per stage"},
		{"DL4005", "SHELL changes the default shell"},
		{"DL4006", "pipefail is set before a RUN with a pipe"},
	},
	Further: []Rule{
		{"DL3005", "No apt-get upgrade or dist-upgrade"},
		{"DL3017", "No apk upgrade"},
		{"DL3031", "No yum update"},
		{"DL3039", "No dnf update"},
	},
}

var buildkit = Tool{
	Name:      "BuildKit",
	Version:   "0.34.2",
	Reference: "https://docs.docker.com/reference/build-checks/",
	Rules: []Rule{
		{"ConsistentInstructionCasing", "All keywords are in the same case"},
		{"CopyIgnoredFile", "COPY and ADD take no file that the ignore file leaves out"},
		{"DuplicateStageName", "Stage names are unique"},
		{"ExposeInvalidFormat", "EXPOSE names no address and no port of the host"},
		{"ExposeProtoCasing", "The protocol of EXPOSE is in lower case"},
		{"FromAsCasing", "FROM and AS are in the same case"},
		{"FromPlatformFlagConstDisallowed", "FROM --platform is not a constant"},
		{"InvalidBaseImagePlatform", "The base image is of the platform that is built for"},
		{"InvalidDefaultArgInFrom", "The base image's name is valid without build arguments"},
		{"InvalidDefinitionDescription", "Comments on stages and arguments follow the format of descriptions"},
		{"JSONArgsRecommended", "CMD and ENTRYPOINT are in JSON notation"},
		{"LegacyKeyValueFormat", "ENV and LABEL have an equals sign"},
		{"MaintainerDeprecated", "LABEL instead of MAINTAINER"},
		{"MultipleInstructionsDisallowed", "One CMD, ENTRYPOINT and HEALTHCHECK per stage"},
		{"NoEmptyContinuation", "No empty line behind a continuation"},
		{"RedundantTargetPlatform", "FROM does not set the target platform, which is the default"},
		{"ReservedStageName", "No stage has a reserved name"},
		{"SecretsUsedInArgOrEnv", "No secret in ARG or ENV"},
		{"StageNameCasing", "Stage names are in lower case"},
		{"UndefinedArgInFrom", "FROM uses declared arguments"},
		{"UndefinedVar", "Variables are defined before their use"},
		{"WorkdirRelativePath", "WORKDIR is absolute, or an absolute one is before it"},
	},
}

var trivy = Tool{
	Name:      "Trivy",
	Version:   "checks 2.2.0 (80e5382)",
	Reference: "https://github.com/aquasecurity/trivy-checks/tree/main/checks/docker",
	Rules: []Rule{
		{"DS-0001", "The base image's tag is not latest"},
		{"DS-0002", "The user is not root"},
		{"DS-0004", "Port 22 is not exposed"},
		{"DS-0005", "COPY instead of ADD"},
		{"DS-0006", "COPY --from does not name its own stage"},
		{"DS-0007", "One ENTRYPOINT per stage"},
		{"DS-0008", "EXPOSE has a port from 0 to 65535"},
		{"DS-0009", "WORKDIR is absolute"},
		{"DS-0010", "No sudo"},
		{"DS-0011", "The destination of a COPY of several sources ends with a slash"},
		{"DS-0012", "Stage names are unique"},
		{"DS-0013", "WORKDIR instead of cd"},
		{"DS-0014", "wget or curl, not both"},
		{"DS-0015", "yum clean all follows an install"},
		{"DS-0016", "One CMD per stage"},
		{"DS-0017", "A package list is updated together with an install"},
		{"DS-0019", "dnf clean all follows an install"},
		{"DS-0020", "zypper clean follows an install"},
		{"DS-0021", "apt-get install has -y"},
		{"DS-0022", "LABEL instead of MAINTAINER"},
		{"DS-0023", "One HEALTHCHECK per stage"},
		{"DS-0024", "No apt-get dist-upgrade (deprecated)"},
		{"DS-0025", "apk add has --no-cache"},
		{"DS-0026", "The image has a HEALTHCHECK"},
		{"DS-0027", "microdnf clean all follows an install"},
		{"DS-0029", "apt-get install has --no-install-recommends"},
		{"DS-0030", "WORKDIR is in no directory of the system"},
		{"DS-0031", "No secret in build arguments, variables or copied files"},
	},
}

var checkov = Tool{
	Name:      "Checkov",
	Version:   "3.3.13",
	Reference: "https://www.checkov.io/5.Policy%20Index/dockerfile.html",
	Rules: []Rule{
		{"CKV_DOCKER_1", "Port 22 is not exposed"},
		{"CKV_DOCKER_2", "The image has a HEALTHCHECK"},
		{"CKV_DOCKER_3", "The Dockerfile sets a user"},
		{"CKV_DOCKER_4", "COPY instead of ADD"},
		{"CKV_DOCKER_5", "A package list is updated together with an install"},
		{"CKV_DOCKER_6", "LABEL instead of MAINTAINER"},
		{"CKV_DOCKER_7", "The base image has a tag, and not latest"},
		{"CKV_DOCKER_8", "The last user is not root"},
		{"CKV_DOCKER_9", "apt-get instead of apt"},
		{"CKV_DOCKER_10", "WORKDIR is absolute"},
		{"CKV_DOCKER_11", "Stage names are unique"},
		{"CKV2_DOCKER_1", "No sudo"},
		{"CKV2_DOCKER_2", "curl verifies certificates"},
		{"CKV2_DOCKER_3", "wget verifies certificates"},
		{"CKV2_DOCKER_4", "pip has no --trusted-host"},
		{"CKV2_DOCKER_5", "PYTHONHTTPSVERIFY does not switch the verification off"},
		{"CKV2_DOCKER_6", "NODE_TLS_REJECT_UNAUTHORIZED does not switch the verification off"},
		{"CKV2_DOCKER_7", "apk has no --allow-untrusted"},
		{"CKV2_DOCKER_8", "apt-get has no --allow-unauthenticated"},
		{"CKV2_DOCKER_9", "dnf, tdnf and yum have no --nogpgcheck"},
		{"CKV2_DOCKER_10", "rpm verifies signatures and digests"},
		{"CKV2_DOCKER_11", "apt-get has no --force-yes"},
		{"CKV2_DOCKER_12", "NPM_CONFIG_STRICT_SSL does not switch the verification off"},
		{"CKV2_DOCKER_13", "npm and yarn have no strict-ssl false"},
		{"CKV2_DOCKER_14", "GIT_SSL_NO_VERIFY is not set"},
		{"CKV2_DOCKER_15", "dnf and yum have no sslverify=false"},
		{"CKV2_DOCKER_16", "PIP_TRUSTED_HOST is not set"},
		{"CKV2_DOCKER_17", "No password is set with chpasswd"},
	},
}

var dockle = Tool{
	Name:      "Dockle",
	Version:   "0.4.15 (35171cc)",
	Reference: "https://github.com/goodwithtech/dockle/blob/master/CHECKPOINT.md",
	Rules: []Rule{
		{"CIS-DI-0001", "The image has a user"},
		{"CIS-DI-0005", "Content trust is enabled"},
		{"CIS-DI-0006", "The image has a HEALTHCHECK"},
		{"CIS-DI-0007", "A package list is updated together with an install"},
		{"CIS-DI-0008", "setuid and setgid files are known to be safe"},
		{"CIS-DI-0009", "COPY instead of ADD"},
		{"CIS-DI-0010", "No credential in variables or files"},
		{"DKL-DI-0001", "No sudo"},
		{"DKL-DI-0002", "No volume on a directory of the system"},
		{"DKL-DI-0003", "No apt-get dist-upgrade"},
		{"DKL-DI-0004", "apk add has --no-cache"},
		{"DKL-DI-0005", "The caches of apt-get are cleared"},
		{"DKL-DI-0006", "The image's own tag is not latest"},
		{"DKL-LI-0001", "No user has an empty password"},
		{"DKL-LI-0002", "Users and groups are unique"},
		{"DKL-LI-0003", "No file that serves no purpose in the image"},
	},
}

var cis = Tool{
	Name:      "CIS Docker Benchmark",
	Version:   "1.6.0, section 4",
	Reference: "https://www.cisecurity.org/benchmark/docker",
	Rules: []Rule{
		{"CIS-4.1", "The image has a user for its container"},
		{"CIS-4.2", "Base images are trusted"},
		{"CIS-4.3", "No package that is not needed"},
		{"CIS-4.4", "Images are scanned and rebuilt for security patches"},
		{"CIS-4.5", "Content trust is enabled"},
		{"CIS-4.6", "The image has a HEALTHCHECK"},
		{"CIS-4.7", "A package list is updated together with an install"},
		{"CIS-4.8", "setuid and setgid permissions are removed"},
		{"CIS-4.9", "COPY instead of ADD"},
		{"CIS-4.10", "No secret in the Dockerfile"},
		{"CIS-4.11", "Packages are verified"},
		{"CIS-4.12", "Signed artifacts are validated"},
	},
}

var dclint = Tool{
	Name:      "dclint",
	Version:   "3.1.0",
	Reference: "https://github.com/zavoloklom/docker-compose-linter/tree/main/docs/rules",
	Rules: []Rule{
		{"no-build-and-image", "A service has build or image, not both"},
		{"no-duplicate-container-names", "Container names are unique"},
		{"no-duplicate-exported-ports", "Published ports are unique"},
		{"no-quotes-in-volumes", "Volumes are not quoted"},
		{"no-unbound-port-interfaces", "Published ports are bound to an interface"},
		{"no-version-field", "There is no version field"},
		{"require-project-name-field", "The project has a name"},
		{"require-quotes-in-ports", "Ports are quoted"},
		{"service-container-name-regex", "Container names are valid"},
		{"service-dependencies-alphabetical-order", "depends_on is sorted"},
		{"service-image-require-explicit-tag", "The image of a service has a version tag"},
		{"service-keys-order", "The keys of a service are in a set order"},
		{"service-ports-alphabetical-order", "The ports of a service are sorted"},
		{"services-alphabetical-order", "Services are sorted"},
		{"top-level-properties-order", "The top-level keys are in a set order"},
	},
	Further: []Rule{
		{"invalid-schema", "The file follows the schema of Compose"},
		{"invalid-yaml", "The file is YAML"},
	},
}
