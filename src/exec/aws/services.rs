//! The services: how each is spoken to, and where it is. Data.

/// Says how a service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Paths, headers and XML, which the SDK writes.
    RestXml,
    /// A form of the version given, answered in XML.
    Query(&'static str),
    /// The same in EC2's dialect.
    Ec2(&'static str),
    /// JSON, with the operation in the header `X-Amz-Target`.
    Json {
        /// Of the content type: `1.1`.
        version: &'static str,
        /// What stands before the operation's name.
        target: &'static str,
    },
    /// JSON, with the operation in method and path.
    RestJson,
}

/// Describes a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    /// What the AWS CLI calls it.
    pub(super) name: &'static str,
    /// What a request is signed for.
    pub(super) signing: &'static str,
    /// The first part of its host names.
    host: &'static str,
    /// How it is spoken to.
    pub(super) protocol: Protocol,
    /// What carries its calls.
    pub(super) carrier: Carrier,
}

/// Says what carries a service's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// The SDK's client.
    Sdk,
    /// The generic signed request.
    Signed,
}

const SERVICES: &[Service] = &[
    service("arc-zonal-shift", "arc-zonal-shift", Protocol::RestJson),
    service("autoscaling", "autoscaling", Protocol::Query("2011-01-01")),
    service("backup", "backup", Protocol::RestJson),
    service("cloudtrail", "cloudtrail", json("1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101")),
    Service { host: "monitoring", ..service("cloudwatch", "monitoring", json("1.0", "GraniteServiceVersion20100801")) },
    service("ec2", "ec2", Protocol::Ec2("2016-11-15")),
    service("ecs", "ecs", json("1.1", "AmazonEC2ContainerServiceV20141113")),
    service("elasticache", "elasticache", Protocol::Query("2015-02-02")),
    Service { host: "elasticloadbalancing", ..service("elbv2", "elasticloadbalancing", Protocol::Query("2015-12-01")) },
    service("kms", "kms", json("1.1", "TrentService")),
    sdk("rds", "rds", Protocol::Query("2014-10-31")),
    sdk("route53", "route53", Protocol::RestXml),
    sdk("s3api", "s3", Protocol::RestXml),
    service("secretsmanager", "secretsmanager", json("1.1", "secretsmanager")),
    service("sns", "sns", Protocol::Query("2010-03-31")),
    sdk("sts", "sts", Protocol::Query("2011-06-15")),
];

const fn service(name: &'static str, signing: &'static str, protocol: Protocol) -> Service {
    Service { name, signing, host: name, protocol, carrier: Carrier::Signed }
}

const fn sdk(name: &'static str, signing: &'static str, protocol: Protocol) -> Service {
    Service { carrier: Carrier::Sdk, ..service(name, signing, protocol) }
}

const fn json(version: &'static str, target: &'static str) -> Protocol {
    Protocol::Json { version, target }
}

/// Finds a service by the name that the AWS CLI has for it.
pub(super) fn find(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

impl Service {
    /// Returns its address in `region` at AWS.
    pub(super) fn address(&self, region: &str) -> String {
        let suffix = match region {
            _ if region.starts_with("cn-") => "amazonaws.com.cn",
            _ if region.starts_with("us-iso-") => "c2s.ic.gov",
            _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
            _ if region.starts_with("eusc-") => "amazonaws.eu",
            _ => "amazonaws.com",
        };
        format!("https://{}.{region}.{suffix}", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::aws::OPERATIONS;

    #[test]
    fn every_service_of_the_catalogue_is_here() {
        for row in OPERATIONS.iter() {
            let service = find(row.service).unwrap_or_else(|| panic!("{}", row.service));
            assert_eq!(service.protocol == Protocol::RestJson, row.http.is_some(), "{} {}", row.service, row.name);
        }
    }

    #[test]
    fn addresses_are_those_of_aws() {
        for (service, region, address) in [
            ("rds", "eu-west-1", "https://rds.eu-west-1.amazonaws.com"),
            ("cloudwatch", "us-east-1", "https://monitoring.us-east-1.amazonaws.com"),
            ("elbv2", "cn-north-1", "https://elasticloadbalancing.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(find(service).unwrap().address(region), address);
        }
    }
}
