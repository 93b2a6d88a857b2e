"""The practice estate asked by boto3, a client that is not ours: wire formats, error codes, pages, and how fast it answers.

usage: estate_peer.py PROGRAM
"""

import datetime
import http.client
import io
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.model
from botocore.config import Config
from botocore.exceptions import ClientError

UTC = datetime.timezone.utc


class Estate:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.process = subprocess.Popen(
            [program, "estate", "up", "--speed", "60", "--dir", folder], stdout=subprocess.DEVNULL
        )
        began = time.monotonic()
        path = pathlib.Path(folder, "estate.json")
        while not path.exists():
            assert time.monotonic() - began < 30, "the estate did not come up"
            time.sleep(0.01)
        record = json.loads(path.read_text())
        self.inputs, self.env = record["inputs"], record["env"]

    def client(self, service, region="us-east-1", **other):
        style = {"addressing_style": "path"}
        known = {
            "region_name": region,
            "endpoint_url": self.env["AWS_ENDPOINT_URL"],
            "aws_access_key_id": self.env["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": self.env["AWS_SECRET_ACCESS_KEY"],
            "config": Config(retries={"total_max_attempts": 1}, s3=style),
        }
        return boto3.client(service, **{**known, **other})

    def fault(self, name):
        subprocess.run([self.program, "estate", "fault", name, "--dir", self.folder], check=True, capture_output=True)

    def down(self):
        subprocess.run([self.program, "estate", "down", "--dir", self.folder], check=True, capture_output=True)
        assert self.process.wait(10) == 0


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return
    raise AssertionError(f"{code} was expected")


def databases(estate):
    rds, inputs = estate.client("rds"), estate.inputs
    primary = rds.describe_db_instances(DBInstanceIdentifier="shop-db")["DBInstances"][0]
    assert primary["AvailabilityZone"] != primary["SecondaryAvailabilityZone"]
    window = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"][0]["RestoreWindow"]
    assert window["EarliestTime"] < window["LatestTime"]
    elsewhere = estate.client("rds", "us-west-2").describe_db_instance_automated_backups()
    assert elsewhere["DBInstanceAutomatedBackups"][0]["Status"] == "replicating"
    restore = rds.restore_db_instance_to_point_in_time
    made = restore(
        SourceDBInstanceIdentifier="shop-db",
        TargetDBInstanceIdentifier="candidate",
        RestoreTime=window["LatestTime"] - datetime.timedelta(hours=1),
        DBSubnetGroupName=inputs["PRIMARY_SUBNET_GROUP"],
        VpcSecurityGroupIds=[inputs["PRIMARY_SECURITY_GROUP"]],
        Tags=[{"Key": "drill", "Value": "yes"}],
    )["DBInstance"]
    assert (made["DBInstanceStatus"], made["BackupRetentionPeriod"]) == ("creating", 14)
    tags = rds.list_tags_for_resource(ResourceName=made["DBInstanceArn"])["TagList"]
    assert tags == [{"Key": "drill", "Value": "yes"}]
    both = {"SourceDBInstanceIdentifier": "shop-db", "TargetDBInstanceIdentifier": "other"}
    refused("InvalidParameterValue", restore, RestoreTime=datetime.datetime(2040, 1, 1, tzinfo=UTC), **both)
    refused("InvalidParameterCombination", restore, **both)
    refused("DBInstanceAlreadyExists", restore, UseLatestRestorableTime=True, **{**both, "TargetDBInstanceIdentifier": "shop-db"})
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier="shop-db", SkipFinalSnapshot=True)
    refused("DBInstanceNotFound", rds.reboot_db_instance, DBInstanceIdentifier="nobody")
    refused("InvalidAction", rds.describe_db_proxies)
    rds.create_db_snapshot(DBInstanceIdentifier="shop-db", DBSnapshotIdentifier="by-hand")
    refused("InvalidDBInstanceState", rds.reboot_db_instance, DBInstanceIdentifier="shop-db")
    log = rds.describe_db_log_files(DBInstanceIdentifier="shop-db")["DescribeDBLogFiles"][0]["LogFileName"]
    assert rds.download_db_log_file_portion(DBInstanceIdentifier="shop-db", LogFileName=log)["LogFileData"]
    trail = estate.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateDBSnapshot"}]
    )
    assert trail["Events"][0]["Username"] == "practice-operator"


def clusters(estate):
    rds = estate.client("rds")
    engine = {"Engine": "aurora-postgresql"}
    made = rds.create_db_cluster(DBClusterIdentifier="peer", MasterUsername="peer", MasterUserPassword="practice", **engine)
    assert (made["DBCluster"]["Status"], made["DBCluster"]["DBClusterMembers"]) == ("creating", [])
    refused("InvalidDBClusterStateFault", rds.create_db_cluster_snapshot, DBClusterIdentifier="peer", DBClusterSnapshotIdentifier="early")
    rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier="peer", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    for name in "peer-1", "peer-2":
        rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier="peer", DBInstanceClass="db.r6g.large", **engine)
    writers = [m["IsClusterWriter"] for m in rds.describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]]
    assert writers == [True, False]
    filtered = rds.describe_db_instances(Filters=[{"Name": "db-cluster-id", "Values": ["peer"]}])["DBInstances"]
    assert [(one["DBInstanceIdentifier"], one["DBClusterIdentifier"]) for one in filtered] == [("peer-1", "peer"), ("peer-2", "peer")]
    made = rds.create_global_cluster(GlobalClusterIdentifier="peers", SourceDBClusterIdentifier=made["DBCluster"]["DBClusterArn"])
    member = made["GlobalCluster"]["GlobalClusterMembers"][0]
    assert (member["IsWriter"], member["Readers"]) == (True, [])
    joined = estate.client("rds", "us-west-2").create_db_cluster(
        DBClusterIdentifier="peer-west", GlobalClusterIdentifier="peers", **engine
    )["DBCluster"]
    members = rds.describe_global_clusters(GlobalClusterIdentifier="peers")["GlobalClusters"][0]["GlobalClusterMembers"]
    assert [one["IsWriter"] for one in members] == [True, False]
    assert members[0]["Readers"] == [joined["DBClusterArn"]] and members[1]["SynchronizationStatus"] == "connected"
    refused("InvalidGlobalClusterStateFault", rds.delete_global_cluster, GlobalClusterIdentifier="peers")
    refused("InvalidDBClusterStateFault", rds.delete_db_cluster, DBClusterIdentifier="peer", SkipFinalSnapshot=True)
    refused("DBClusterNotFoundFault", rds.failover_db_cluster, DBClusterIdentifier="nobody")
    refused("GlobalClusterNotFoundFault", rds.describe_global_clusters, GlobalClusterIdentifier="nobody")
    endpoints = rds.describe_db_cluster_endpoints(DBClusterIdentifier="peer")["DBClusterEndpoints"]
    assert [one["EndpointType"] for one in endpoints] == ["WRITER", "READER"]
    kept = rds.describe_db_cluster_automated_backups()["DBClusterAutomatedBackups"][0]
    assert (kept["DBClusterIdentifier"], kept["Status"], kept["BackupRetentionPeriod"]) == ("peer", "active", 1)


def machines(estate):
    zones = estate.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert ("us-east-1a", "use1-az4", "available") in [(z["ZoneName"], z["ZoneId"], z["State"]) for z in zones]
    refused("InvalidAction", estate.client("ec2").describe_vpcs)
    groups = estate.client("autoscaling")
    groups.suspend_processes(AutoScalingGroupName="shop", ScalingProcesses=["AZRebalance"])
    shop = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["shop"])["AutoScalingGroups"][0]
    assert [process["ProcessName"] for process in shop["SuspendedProcesses"]] == ["AZRebalance"]
    targets = estate.client("elbv2").describe_target_health(TargetGroupArn=estate.inputs["TARGET_GROUP_ARN"])
    assert [t["TargetHealth"]["State"] for t in targets["TargetHealthDescriptions"]] == ["healthy"] * 6
    zonal = estate.client("arc-zonal-shift")
    away = {"resourceIdentifier": estate.inputs["LOAD_BALANCER_ARN"], "expiresIn": "12h", "comment": "practice"}
    refused("ValidationException", zonal.start_zonal_shift, awayFrom="us-east-1a", **away)
    shift = zonal.start_zonal_shift(awayFrom="use1-az4", **away)
    refused("ConflictException", zonal.start_zonal_shift, awayFrom="use1-az6", **away)
    assert zonal.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])["status"] == "CANCELED"
    secret = estate.client("secretsmanager").get_secret_value(SecretId=estate.inputs["DB_SECRET"])
    assert json.loads(secret["SecretString"])["host"] == estate.inputs["PRIMARY_DB_ALIAS"]
    key = estate.client("kms").describe_key(KeyId=estate.inputs["PRIMARY_KMS_KEY"])
    assert key["KeyMetadata"]["KeyState"] == "Enabled"
    now = datetime.datetime.now(UTC)
    lag = estate.client("cloudwatch", "us-west-2").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="ReplicaLag",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "shop-db-west"}],
        StartTime=now - datetime.timedelta(minutes=3),
        EndTime=now,
        Period=60,
        Statistics=["Average"],
    )
    assert lag["Datapoints"][0]["Average"] < 2


def objects(estate):
    s3, bucket = estate.client("s3"), "shop-assets-us-east-1"
    s3.put_object(Bucket=bucket, Key="n/a b+ü.txt", Body=b"hello")
    s3.copy_object(Bucket=bucket, Key="n/copy", CopySource={"Bucket": bucket, "Key": "n/a b+ü.txt"})
    keys = [{"Key": "n/a b+ü.txt"}, {"Key": "n/copy"}]
    assert all(gone["DeleteMarker"] for gone in s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})["Deleted"])
    markers = s3.list_object_versions(Bucket=bucket, Prefix="n/")["DeleteMarkers"]
    ids = [{"Key": marker["Key"], "VersionId": marker["VersionId"]} for marker in markers]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": ids})
    assert s3.get_object(Bucket=bucket, Key="n/a b+ü.txt")["Body"].read() == b"hello"
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 7})
    assert sum(len(page.get("Versions", [])) for page in pages) == 43
    prefixes = s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    assert [prefix["Prefix"] for prefix in prefixes] == ["images/", "n/"]
    dumps = {"Bucket": "shop-dumps-us-west-2", "Key": "archive/shop-db-minus-200.sql"}
    west = estate.client("s3", "us-west-2")
    refused("InvalidObjectState", west.get_object, **dumps)
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
    assert west.restore_object(RestoreRequest=request, **dumps)["ResponseMetadata"]["HTTPStatusCode"] == 202
    refused("RestoreAlreadyInProgress", west.restore_object, RestoreRequest=request, **dumps)
    assert west.head_object(**dumps)["Restore"] == 'ongoing-request="true"'


def uploads(estate):
    s3, bucket = estate.client("s3", "us-west-2"), "restored-dumps"
    where = {"LocationConstraint": "us-west-2"}
    refused("IllegalLocationConstraintException", s3.create_bucket, Bucket=bucket)
    refused("InvalidBucketName", s3.create_bucket, Bucket="Re_stored", CreateBucketConfiguration=where)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=bucket, CreateBucketConfiguration=where)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "NoncurrentVersionExpiration": {"NoncurrentDays": 7}}
    archive = {**rule, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}], "Expiration": {"Days": 400}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [archive]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [archive]
    cool = {"Rules": [{**rule, "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}]}]}
    refused("NotImplemented", s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=cool)
    body = bytes(range(256)) * 4096 * 19  # 19 MiB: three parts of boto3's
    s3.upload_fileobj(io.BytesIO(body), bucket, "dump", ExtraArgs={"Metadata": {"who": "me"}})
    found = s3.get_object(Bucket=bucket, Key="dump")
    assert found["Body"].read() == body and found["ETag"].endswith('-3"') and found["Metadata"] == {"who": "me"}
    key = {"Bucket": bucket, "Key": "given-up"}
    upload = {**key, "UploadId": s3.create_multipart_upload(**key)["UploadId"]}
    small = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    s3.upload_part(**upload, PartNumber=2, Body=b"y")
    parts = s3.list_parts(**upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in parts] == [(1, 1), (2, 1)]
    named = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
    refused("EntityTooSmall", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named})
    wrong = [{"PartNumber": 9, "ETag": small}]
    refused("InvalidPart", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wrong})
    assert [open["Key"] for open in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["given-up"]
    s3.abort_multipart_upload(**upload)
    refused("NoSuchUpload", s3.list_parts, **upload)
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="dump")
    s3.delete_bucket(Bucket=bucket)
    refused("NoSuchBucket", s3.list_objects_v2, Bucket=bucket)


def checks(estate):
    route53 = estate.client("route53")
    config = {"Type": "HTTP", "IPAddress": "127.77.0.2", "ResourcePath": "/health", "RequestInterval": 10}
    made = route53.create_health_check(CallerReference="mine", HealthCheckConfig=config)["HealthCheck"]
    assert (made["HealthCheckVersion"], made["HealthCheckConfig"]["FailureThreshold"]) == (1, 3)
    refused("HealthCheckAlreadyExists", route53.create_health_check, CallerReference="mine", HealthCheckConfig=config)
    elsewhere = {**config, "IPAddress": "192.0.2.1"}
    refused("InvalidInput", route53.create_health_check, CallerReference="else", HealthCheckConfig=elsewhere)
    both = {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [made["Id"]]}
    parent = route53.create_health_check(CallerReference="both", HealthCheckConfig=both)["HealthCheck"]["Id"]
    changed = route53.update_health_check(HealthCheckId=made["Id"], Inverted=True, HealthCheckVersion=1)
    assert changed["HealthCheck"]["HealthCheckConfig"]["Inverted"] and changed["HealthCheck"]["HealthCheckVersion"] == 2
    refused("HealthCheckVersionMismatch", route53.update_health_check, HealthCheckId=made["Id"], HealthCheckVersion=1)
    for check in (parent, made["Id"]):
        route53.delete_health_check(HealthCheckId=check)
        refused("NoSuchHealthCheck", route53.get_health_check, HealthCheckId=check)


def alarms(estate):
    """Once in each protocol of CloudWatch's: this client's own choice, the Rust SDK's, version 2 of the AWS CLI's."""
    order = botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    for protocol in ("json", "smithy-rpc-v2-cbor", "query"):
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = [protocol]
        watch, name = estate.client("cloudwatch", "us-west-2"), f"lag-{protocol}"
        botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = order
        assert watch.meta.service_model.resolved_protocol == protocol
        rule = {
            "AlarmName": name,
            "Namespace": "AWS/RDS",
            "MetricName": "ReplicaLag",
            "Statistic": "Maximum",
            "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "shop-db-west"}],
            "Period": 60,
            "EvaluationPeriods": 3,
            "Threshold": 300.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        watch.put_metric_alarm(**rule, OKActions=["arn:aws:sns:us-west-2:000000000000:team"])
        made = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        assert {known: made[known] for known in rule} == rule and made["StateValue"] == "INSUFFICIENT_DATA", made
        assert made["OKActions"] and isinstance(made["StateUpdatedTimestamp"], datetime.datetime)
        watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="drill")
        watch.disable_alarm_actions(AlarmNames=[name])
        made = watch.describe_alarms(StateValue="ALARM", AlarmNamePrefix="lag-")["MetricAlarms"]
        assert [(one["AlarmName"], one["StateReason"], one["ActionsEnabled"]) for one in made] == [(name, "drill", False)]
        assert watch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
        refused("ResourceNotFound", watch.set_alarm_state, AlarmName="no", StateValue="OK", StateReason="x")
        refused("ValidationError", watch.put_metric_alarm, **{**rule, "Period": 61})
        now = datetime.datetime.now(UTC)
        stat = {"Metric": {key: rule[key] for key in ("Namespace", "MetricName", "Dimensions")}, "Period": 60, "Stat": "Average"}
        data = watch.get_metric_data(
            MetricDataQueries=[{"Id": "lag", "MetricStat": stat}], StartTime=now - datetime.timedelta(minutes=5), EndTime=now
        )["MetricDataResults"][0]
        assert data["Values"] and data["Values"][0] < 2 and abs(data["Timestamps"][0] - now) < datetime.timedelta(seconds=90)
        watch.delete_alarms(AlarmNames=[name])
        assert not watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]


def strangers(estate):
    """Who does not know the secret is refused as AWS refuses, and so is a link whose time is over."""
    for service, call, wrong, unknown in (
        ("sts", "get_caller_identity", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("rds", "describe_db_instances", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("route53", "list_hosted_zones", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ("s3", "list_buckets", "SignatureDoesNotMatch", "InvalidAccessKeyId"),
        ("ec2", "describe_availability_zones", "AuthFailure", "AuthFailure"),
        ("kms", "list_keys", "InvalidSignatureException", "UnrecognizedClientException"),
    ):
        refused(wrong, getattr(estate.client(service, aws_secret_access_key="somebody else's"), call))
        refused(unknown, getattr(estate.client(service, aws_access_key_id="AKIASOMEBODYELSE0000"), call))
    place = {"Bucket": "shop-assets-us-east-1", "Key": "images/0001.jpg"}
    version_4 = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    link = estate.client("s3", config=version_4).generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert urllib.request.urlopen(link).status == 200
    for spoilt in (link.replace("0001", "0002"), link.replace("Expires=60", "Expires=61")):
        try:
            urllib.request.urlopen(spoilt)
        except urllib.error.HTTPError as error:
            assert error.code == 403, error
        else:
            raise AssertionError("a spoilt link opens")


def impaired(estate):
    rds = estate.client("rds")
    estate.fault("expired-credentials")
    refused("ExpiredToken", rds.describe_db_instances)
    refused("ExpiredToken", estate.client("s3").get_object, Bucket="shop-assets-us-east-1", Key="index.html")
    estate.fault("expired-credentials:off")
    rds.describe_db_instances()


def speed(estate):
    """What the estate needs for an answer, from the request on the wire to the answer's end: boto3's own work is not in it."""
    s3 = estate.client("s3")
    s3.put_object(Bucket="shop-dumps-us-east-1", Key="speed", Body=b"x" * 4096)
    for service, call, parameters in (
        ("rds", "describe_db_instances", {}),
        ("route53", "list_resource_record_sets", {"HostedZoneId": estate.inputs["ZONE_ID"]}),
        ("s3", "get_object", {"Bucket": "shop-dumps-us-east-1", "Key": "speed"}),
        ("s3", "list_object_versions", {"Bucket": "shop-assets-us-east-1"}),
        ("cloudwatch", "describe_alarms", {}),
    ):
        client, sent, taken = estate.client(service), [], []
        client.meta.events.register("before-send", lambda request, **_: sent.append(request))
        getattr(client, call)(**parameters)
        request = sent[0]
        place = urllib.parse.urlsplit(request.url)
        connection = http.client.HTTPConnection(place.hostname, place.port)
        for _ in range(200):
            began = time.perf_counter()
            path = place.path + (f"?{place.query}" if place.query else "")
            headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
            connection.request(request.method, path, request.body or None, headers)
            answer = connection.getresponse()
            answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer.status
        print(f"{service} {call}: {statistics.median(taken):.2f} ms at the median, {max(taken):.1f} ms at most")


with tempfile.TemporaryDirectory() as home:
    estate = Estate(sys.argv[1], home + "/estate")
    try:
        for part in (speed, databases, clusters, machines, objects, uploads, checks, alarms, strangers, impaired):
            part(estate)
    finally:
        estate.down()
print("the practice estate speaks to boto3 as AWS does")
