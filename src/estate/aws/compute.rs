//! Auto Scaling, load balancers and EC2, as far as a lost zone asks for them.

use super::form::{Form, Wrong, value_error};
use super::xml::Xml;
use super::{Call, OPERATOR, Reply, Service, unknown_operation};
use crate::estate::model::fleet::{Fleet, Machine, Server};
use crate::estate::model::place::{ACCOUNT, Network, Region, ZONES};
use crate::estate::model::time::{DAY, Moment};
use crate::estate::model::world::World;

/// The name of the scaling group, the load balancer and the target group.
const SHOP: &str = "shop";

fn respond(service: Service, action: &str, id: &str, fill: impl FnOnce(&mut Xml)) -> String {
    Xml::document(&format!("{action}Response"), service.namespace(), |xml| {
        xml.nest(&format!("{action}Result"), fill).nest("ResponseMetadata", |xml| {
            xml.text("RequestId", id);
        });
    })
}

fn ended(service: Service, call: &Call<'_>, result: Result<String, Wrong>) -> Reply {
    match result {
        Ok(body) => Reply::xml(200, body),
        Err((status, code, message)) => service.error(status, code, &message, &call.id),
    }
}

/// Answers a call to Auto Scaling.
pub(super) fn scaling(call: &Call<'_>, world: &mut World) -> Reply {
    let service = Service::AutoScaling;
    let form = Form::read(&call.body, &call.query);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let region = call.region.unwrap_or(Region::West);
    let changes = match action.as_str() {
        "DescribeAutoScalingGroups" => return ended(service, call, describe_groups(call, world, region, &form)),
        "DescribeAutoScalingInstances" => {
            return ended(service, call, describe_group_machines(call, world, region, &form));
        }
        "SuspendProcesses" => suspend(world, region, &form, Processes::Suspended),
        "ResumeProcesses" => suspend(world, region, &form, Processes::Resumed),
        "UpdateAutoScalingGroup" => update_group(world, region, &form),
        "SetDesiredCapacity" => set_desired(world, region, &form),
        "SetInstanceHealth" => set_health(world, region, &form),
        "TerminateInstanceInAutoScalingGroup" => terminate(world, region, &form),
        _ => return unknown_operation(service, &action, "2011-01-01", &call.id),
    };
    let result = changes.map(|()| {
        let parameters = form.for_trail();
        world.record_call(region, ("autoscaling.amazonaws.com", &action), OPERATOR, SHOP, parameters);
        respond(service, &action, &call.id, |_| ())
    });
    ended(service, call, result)
}

fn group(form: &Form) -> Result<(), Wrong> {
    let name = form.required("AutoScalingGroupName")?;
    if name == SHOP {
        return Ok(());
    }
    Err((400, "ValidationError", format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")))
}

fn machine(server: &Server, now: Moment) -> (&'static str, &'static str) {
    match server.machine {
        Machine::Launching(until) if now < until => ("Pending", "Healthy"),
        _ if Fleet::is_healthy(server, now) => ("InService", "Healthy"),
        _ => ("InService", "Unhealthy"),
    }
}

fn describe_groups(call: &Call<'_>, world: &World, region: Region, form: &Form) -> Result<String, Wrong> {
    form.only(&["AutoScalingGroupNames", "MaxRecords", "NextToken", "Filters", "IncludeInstances"])?;
    let (fleet, now) = (world.fleet(region), world.now());
    let asked = form.list("AutoScalingGroupNames");
    let shown = asked.is_none_or(|names| names.iter().any(|name| name == SHOP));
    Ok(respond(Service::AutoScaling, "DescribeAutoScalingGroups", &call.id, |xml| {
        xml.nest("AutoScalingGroups", |xml| {
            if !shown {
                return;
            }
            let zones: Vec<_> = ZONES.iter().filter(|zone| fleet.zones.contains(&zone.name)).collect();
            let subnets: Vec<&str> = zones.iter().map(|zone| zone.subnet).collect();
            xml.nest("member", |xml| {
                xml.text("AutoScalingGroupName", SHOP)
                    .text("AutoScalingGroupARN", fleet.scaling_group())
                    .text("MinSize", fleet.min)
                    .text("MaxSize", fleet.max)
                    .text("DesiredCapacity", fleet.desired)
                    .text("DefaultCooldown", 300)
                    .nest("AvailabilityZones", |xml| {
                        for zone in &zones {
                            xml.text("member", zone.name);
                        }
                    })
                    .nest("TargetGroupARNs", |xml| {
                        xml.text("member", fleet.target_group());
                    })
                    .text("HealthCheckType", "ELB")
                    .text("HealthCheckGracePeriod", 120)
                    .nest("Instances", |xml| {
                        for server in &fleet.servers {
                            let (state, health) = machine(server, now);
                            xml.nest("member", |xml| {
                                xml.text("InstanceId", &server.id)
                                    .text("AvailabilityZone", server.zone.name)
                                    .text("LifecycleState", state)
                                    .text("HealthStatus", health)
                                    .text("ProtectedFromScaleIn", false);
                            });
                        }
                    })
                    .text("CreatedTime", call.standing.iso(Fleet::created()))
                    .nest("SuspendedProcesses", |xml| {
                        for process in &fleet.suspended {
                            xml.nest("member", |xml| {
                                xml.text("ProcessName", process).text("SuspensionReason", "User suspended");
                            });
                        }
                    })
                    .text("VPCZoneIdentifier", subnets.join(","));
            });
        });
    }))
}

fn describe_group_machines(call: &Call<'_>, world: &World, region: Region, form: &Form) -> Result<String, Wrong> {
    form.only(&["InstanceIds", "MaxRecords", "NextToken"])?;
    let asked = form.list("InstanceIds");
    let now = world.now();
    Ok(respond(Service::AutoScaling, "DescribeAutoScalingInstances", &call.id, |xml| {
        xml.nest("AutoScalingInstances", |xml| {
            let all = world.fleet(region).servers.iter();
            for server in all.filter(|server| asked.as_ref().is_none_or(|ids| ids.contains(&server.id))) {
                let (state, health) = machine(server, now);
                xml.nest("member", |xml| {
                    xml.text("InstanceId", &server.id)
                        .text("AutoScalingGroupName", SHOP)
                        .text("AvailabilityZone", server.zone.name)
                        .text("LifecycleState", state)
                        .text("HealthStatus", health.to_uppercase())
                        .text("ProtectedFromScaleIn", false);
                });
            }
        });
    }))
}

/// Says what becomes of processes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Processes {
    Suspended,
    Resumed,
}

fn suspend(world: &mut World, region: Region, form: &Form, wish: Processes) -> Result<(), Wrong> {
    const ALL: [&str; 8] = [
        "Launch",
        "Terminate",
        "HealthCheck",
        "ReplaceUnhealthy",
        "AZRebalance",
        "AlarmNotification",
        "ScheduledActions",
        "AddToLoadBalancer",
    ];
    form.only(&["AutoScalingGroupName", "ScalingProcesses"])?;
    group(form)?;
    let named = form.list("ScalingProcesses");
    let named = named.unwrap_or_else(|| ALL.iter().map(|name| (*name).to_owned()).collect());
    if let Some(stray) = named.iter().find(|name| !ALL.contains(&name.as_str())) {
        return Err((400, "ValidationError", format!("{stray} is not a scaling process")));
    }
    let fleet = world.fleet_mut(region);
    fleet.suspended.retain(|process| !named.contains(process));
    if wish == Processes::Suspended {
        fleet.suspended.extend(named);
    }
    Ok(())
}

fn update_group(world: &mut World, region: Region, form: &Form) -> Result<(), Wrong> {
    form.only(&["AutoScalingGroupName", "MinSize", "MaxSize", "DesiredCapacity", "VPCZoneIdentifier"])?;
    group(form)?;
    let zones = match form.get("VPCZoneIdentifier") {
        None => None,
        Some(text) => {
            let subnets: Vec<&str> = text.split(',').map(str::trim).filter(|subnet| !subnet.is_empty()).collect();
            let zone = |subnet: &&str| ZONES.iter().find(|zone| zone.region == region && zone.subnet == *subnet);
            let zones: Option<Vec<&'static str>> =
                subnets.iter().map(|subnet| zone(subnet).map(|zone| zone.name)).collect();
            let zones = zones.filter(|zones| !zones.is_empty());
            Some(zones.ok_or_else(|| (400, "ValidationError", format!("The subnet ID '{text}' does not exist")))?)
        }
    };
    let now = world.now();
    let (min, max, desired) =
        (form.number("MinSize")?, form.number("MaxSize")?, form.number::<u32>("DesiredCapacity")?);
    let fleet = world.fleet_mut(region);
    let (min, max) = (min.unwrap_or(fleet.min), max.unwrap_or(fleet.max));
    let desired = desired.unwrap_or(fleet.desired).clamp(min, max.max(min));
    if min > max || max > 100 {
        return Err((400, "ValidationError", "Max bound, 100, must be greater than or equal to min bound".to_owned()));
    }
    (fleet.min, fleet.max, fleet.desired) = (min, max, desired);
    fleet.zones = zones.unwrap_or_else(|| fleet.zones.clone());
    fleet.arrange(now);
    Ok(())
}

fn set_desired(world: &mut World, region: Region, form: &Form) -> Result<(), Wrong> {
    form.only(&["AutoScalingGroupName", "DesiredCapacity", "HonorCooldown"])?;
    group(form)?;
    let wanted: u32 =
        form.required("DesiredCapacity")?.parse().map_err(|_| value_error("DesiredCapacity", "no number"))?;
    let now = world.now();
    let fleet = world.fleet_mut(region);
    if wanted < fleet.min || wanted > fleet.max {
        let message = format!("New SetDesiredCapacity value {wanted} is outside {} to {}.", fleet.min, fleet.max);
        return Err((400, "ValidationError", message));
    }
    fleet.desired = wanted;
    fleet.arrange(now);
    Ok(())
}

fn set_health(world: &mut World, region: Region, form: &Form) -> Result<(), Wrong> {
    form.only(&["InstanceId", "HealthStatus", "ShouldRespectGracePeriod"])?;
    match form.required("HealthStatus")? {
        "Unhealthy" => replace(world, region, form.required("InstanceId")?),
        "Healthy" => Ok(()),
        other => Err(value_error("HealthStatus", other)),
    }
}

fn terminate(world: &mut World, region: Region, form: &Form) -> Result<(), Wrong> {
    form.only(&["InstanceId", "ShouldDecrementDesiredCapacity"])?;
    let id = form.required("InstanceId")?;
    if form.truth("ShouldDecrementDesiredCapacity")? == Some(true) {
        let fleet = world.fleet_mut(region);
        fleet.desired = fleet.desired.saturating_sub(1).max(fleet.min);
    }
    replace(world, region, id)
}

fn replace(world: &mut World, region: Region, id: &str) -> Result<(), Wrong> {
    let now = world.now();
    if world.fleet_mut(region).replace(id, now) {
        return Ok(());
    }
    Err((400, "ValidationError", format!("Instance Id not found - No managed instance found for instance ID: {id}")))
}

/// Answers a call to the load balancers.
pub(super) fn balancing(call: &Call<'_>, world: &World) -> Reply {
    let service = Service::LoadBalancing;
    let form = Form::read(&call.body, &call.query);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let region = call.region.unwrap_or(Region::West);
    let (fleet, now) = (world.fleet(region), world.now());
    let member = |xml: &mut Xml, list: &str, fill: &dyn Fn(&mut Xml)| {
        xml.nest(list, |xml| {
            xml.nest("member", fill);
        });
    };
    let result = match action.as_str() {
        "DescribeLoadBalancers" => Ok(respond(service, &action, &call.id, |xml| {
            member(xml, "LoadBalancers", &|xml| {
                xml.text("LoadBalancerArn", fleet.load_balancer())
                    .text("LoadBalancerName", SHOP)
                    .text("DNSName", format!("shop.{}.elb.practice.example", region.name()))
                    .text("Scheme", "internet-facing")
                    .text("VpcId", region.network(Network::Shop))
                    .text("Type", "application")
                    .nest("State", |xml| {
                        xml.text("Code", "active");
                    })
                    .nest("AvailabilityZones", |xml| {
                        for zone in region.zones() {
                            xml.nest("member", |xml| {
                                xml.text("ZoneName", zone.name).text("SubnetId", zone.subnet);
                            });
                        }
                    });
            });
        })),
        "DescribeTargetGroups" => Ok(respond(service, &action, &call.id, |xml| {
            member(xml, "TargetGroups", &|xml| {
                xml.text("TargetGroupArn", fleet.target_group())
                    .text("TargetGroupName", SHOP)
                    .text("Protocol", "HTTP")
                    .text("Port", 80)
                    .text("VpcId", region.network(Network::Shop))
                    .text("HealthCheckPath", "/health")
                    .nest("LoadBalancerArns", |xml| {
                        xml.text("member", fleet.load_balancer());
                    });
            });
        })),
        "DescribeTargetHealth" => target_health(call, fleet, now, &form),
        _ => return unknown_operation(service, &action, "2015-12-01", &call.id),
    };
    ended(service, call, result)
}

fn target_health(call: &Call<'_>, fleet: &Fleet, now: Moment, form: &Form) -> Result<String, Wrong> {
    form.only(&["TargetGroupArn", "Targets", "Include"])?;
    let arn = form.required("TargetGroupArn")?;
    if arn != fleet.target_group() {
        return Err((400, "TargetGroupNotFound", "One or more target groups not found".to_owned()));
    }
    Ok(respond(Service::LoadBalancing, "DescribeTargetHealth", &call.id, |xml| {
        xml.nest("TargetHealthDescriptions", |xml| {
            for server in &fleet.servers {
                let (state, reason) = match machine(server, now) {
                    ("Pending", _) => ("initial", Some("Elb.RegistrationInProgress")),
                    (_, "Healthy") => ("healthy", None),
                    _ => ("unhealthy", Some("Target.Timeout")),
                };
                xml.nest("member", |xml| {
                    xml.nest("Target", |xml| {
                        xml.text("Id", &server.id).text("Port", 80).text("AvailabilityZone", server.zone.name);
                    })
                    .text("HealthCheckPort", 80)
                    .nest("TargetHealth", |xml| {
                        xml.text("State", state).maybe("Reason", reason);
                    });
                });
            }
        });
    }))
}

/// Answers a call to EC2.
pub(super) fn machines(call: &Call<'_>, world: &World) -> Reply {
    let form = Form::read(&call.body, &call.query);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let region = call.region.unwrap_or(Region::West);
    let (fleet, now) = (world.fleet(region), world.now());
    let respond = |fill: &dyn Fn(&mut Xml)| {
        Xml::document(&format!("{action}Response"), Service::Ec2.namespace(), |xml| {
            xml.text("requestId", &call.id);
            fill(xml);
        })
    };
    let body = match action.as_str() {
        "DescribeAvailabilityZones" => respond(&|xml| {
            xml.nest("availabilityZoneInfo", |xml| {
                for zone in region.zones() {
                    let lost = fleet.lost_zone() == Some(zone.name);
                    xml.nest("item", |xml| {
                        xml.text("zoneName", zone.name)
                            .text("zoneId", zone.id)
                            .text("zoneState", if lost { "unavailable" } else { "available" })
                            .text("regionName", region.name())
                            .text("groupName", region.name())
                            .text("zoneType", "availability-zone")
                            .nest("messageSet", |xml| {
                                if lost {
                                    xml.nest("item", |xml| {
                                        let says = "Power in the availability zone is lost; connectivity is affected.";
                                        xml.text("message", says);
                                    });
                                }
                            });
                    });
                }
            });
        }),
        "DescribeInstances" => respond(&|xml| {
            let zones = form.filter("availability-zone");
            let ids = form.list("InstanceId");
            xml.nest("reservationSet", |xml| {
                let all = fleet.servers.iter();
                let all = all.filter(|server| ids.as_ref().is_none_or(|ids| ids.contains(&server.id)));
                for server in all
                    .filter(|server| zones.as_ref().is_none_or(|known| known.iter().any(|one| one == server.zone.name)))
                {
                    xml.nest("item", |xml| {
                        xml.text("reservationId", format!("r-{}", server.id.trim_start_matches("i-")))
                            .text("ownerId", ACCOUNT)
                            .nest("instancesSet", |xml| {
                                xml.nest("item", |xml| ec2_instance(call, xml, server, now));
                            });
                    });
                }
            });
        }),
        "DescribeInstanceStatus" => respond(&|xml| {
            xml.nest("instanceStatusSet", |xml| {
                for server in &fleet.servers {
                    let lost = matches!(server.machine, Machine::Lost(_));
                    let status = if lost { "impaired" } else { "ok" };
                    xml.nest("item", |xml| {
                        xml.text("instanceId", &server.id).text("availabilityZone", server.zone.name);
                        state(xml, server, now);
                        for part in ["systemStatus", "instanceStatus"] {
                            xml.nest(part, |xml| {
                                xml.text("status", status);
                            });
                        }
                    });
                }
            });
        }),
        "DescribeSecurityGroups" => respond(&|xml| security_groups(xml, region, &form)),
        "DescribeSubnets" => respond(&|xml| {
            xml.nest("subnetSet", |xml| {
                for zone in region.zones() {
                    xml.nest("item", |xml| {
                        xml.text("subnetId", zone.subnet)
                            .text("state", "available")
                            .text("vpcId", region.network(Network::Shop))
                            .text("availabilityZone", zone.name)
                            .text("availabilityZoneId", zone.id)
                            .text("availableIpAddressCount", 200);
                    });
                }
            });
        }),
        _ => return unknown_operation(Service::Ec2, &action, "2016-11-15", &call.id),
    };
    Reply::xml(200, body)
}

fn state(xml: &mut Xml, server: &Server, now: Moment) {
    let pending = matches!(server.machine, Machine::Launching(until) if now < until);
    xml.nest("instanceState", |xml| {
        xml.text("code", if pending { 0 } else { 16 }).text("name", if pending { "pending" } else { "running" });
    });
}

fn ec2_instance(call: &Call<'_>, xml: &mut Xml, server: &Server, now: Moment) {
    xml.text("instanceId", &server.id).text("instanceType", "m6g.large").text("privateIpAddress", &server.address);
    state(xml, server, now);
    xml.nest("placement", |xml| {
        xml.text("availabilityZone", server.zone.name);
    })
    .text("subnetId", server.zone.subnet)
    .text("launchTime", call.standing.iso(Moment(-30 * DAY)))
    .nest("tagSet", |xml| {
        xml.nest("item", |xml| {
            xml.text("key", "aws:autoscaling:groupName").text("value", SHOP);
        });
    });
}

fn security_groups(xml: &mut Xml, region: Region, form: &Form) {
    let all = [
        (region.security_group(), "shop-database", "Lets the shop in", Network::Shop, true),
        (region.closed_security_group(), "deny-all", "Lets nobody in", Network::Shop, false),
        (region.default_security_group(), "default", "default VPC security group", Network::Default, false),
    ];
    let asked = form.list("GroupId");
    xml.nest("securityGroupInfo", |xml| {
        for (id, name, says, network, open) in all {
            if asked.as_ref().is_some_and(|ids| !ids.iter().any(|known| known == id)) {
                continue;
            }
            xml.nest("item", |xml| {
                xml.text("ownerId", ACCOUNT)
                    .text("groupId", id)
                    .text("groupName", name)
                    .text("groupDescription", says)
                    .text("vpcId", region.network(network))
                    .nest("ipPermissions", |xml| {
                        if open {
                            xml.nest("item", |xml| {
                                xml.text("ipProtocol", "tcp").text("fromPort", 5432).text("toPort", 5432);
                            });
                        }
                    });
            });
        }
    });
}
