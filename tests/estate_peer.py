"""The practice estate asked by boto3, a client that is not ours: wire formats, error codes, pages, and how fast it answers.

usage: estate_peer.py PROGRAM
"""

import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import boto3
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

    def client(self, service, region="us-east-1"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

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
    assert (made["DBInstanceStatus"], made["BackupRetentionPeriod"]) == ("creating", 1)
    tags = rds.list_tags_for_resource(ResourceName=made["DBInstanceArn"])["TagList"]
    assert tags == [{"Key": "drill", "Value": "yes"}]
    both = {"SourceDBInstanceIdentifier": "shop-db", "TargetDBInstanceIdentifier": "other"}
    refused("InvalidParameterValue", restore, RestoreTime=datetime.datetime(2040, 1, 1, tzinfo=UTC), **both)
    refused("InvalidParameterCombination", restore, **both)
    refused("DBInstanceAlreadyExists", restore, UseLatestRestorableTime=True, **{**both, "TargetDBInstanceIdentifier": "shop-db"})
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier="shop-db", SkipFinalSnapshot=True)
    refused("DBInstanceNotFound", rds.reboot_db_instance, DBInstanceIdentifier="nobody")
    refused("InvalidAction", rds.describe_db_clusters)
    rds.create_db_snapshot(DBInstanceIdentifier="shop-db", DBSnapshotIdentifier="by-hand")
    refused("InvalidDBInstanceState", rds.reboot_db_instance, DBInstanceIdentifier="shop-db")
    log = rds.describe_db_log_files(DBInstanceIdentifier="shop-db")["DescribeDBLogFiles"][0]["LogFileName"]
    assert rds.download_db_log_file_portion(DBInstanceIdentifier="shop-db", LogFileName=log)["LogFileData"]
    trail = estate.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateDBSnapshot"}]
    )
    assert trail["Events"][0]["Username"] == "practice-operator"


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


def impaired(estate):
    rds = estate.client("rds")
    estate.fault("expired-credentials")
    refused("ExpiredToken", rds.describe_db_instances)
    refused("ExpiredToken", estate.client("s3").get_object, Bucket="shop-assets-us-east-1", Key="index.html")
    estate.fault("expired-credentials:off")
    rds.describe_db_instances()


def speed(estate):
    rds, taken = estate.client("rds"), []
    for _ in range(100):
        began = time.perf_counter()
        rds.describe_db_instances(DBInstanceIdentifier="shop-db")
        taken.append((time.perf_counter() - began) * 1000)
    print(f"describe-db-instances through boto3: {statistics.median(taken):.1f} ms at the median")


with tempfile.TemporaryDirectory() as home:
    estate = Estate(sys.argv[1], home + "/estate")
    try:
        for part in (databases, machines, objects, impaired, speed):
            part(estate)
    finally:
        estate.down()
print("the practice estate speaks to boto3 as AWS does")
