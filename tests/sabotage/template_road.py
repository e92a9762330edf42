"""Sabotages of the road's part of template.yaml: queues, encryption, lifetimes, rights, alarms."""

from tests.sabotage.sabotage import Sabotage

TEMPLATE = "template.yaml"
ROAD = ("tests/template/test_road.py",)
HOUSE_RULES = ("tests/template/test_house_rules.py",)
TABLES = ("tests/template/test_tables.py",)

SABOTAGES = (
    Sabotage(
        "metering sends usage to the dead letters",
        TEMPLATE,
        "          USAGE_QUEUE_URL: !Ref UsageQueue\n          QUARANTINE_BUCKET",
        "          USAGE_QUEUE_URL: !Ref UsageDeadLetterQueue\n          QUARANTINE_BUCKET",
        ROAD,
    ),
    Sabotage(
        "crashed usage goes to the counters' dead letters",
        TEMPLATE,
        "deadLetterTargetArn: !GetAtt UsageDeadLetterQueue.Arn",
        "deadLetterTargetArn: !GetAtt CounterDeadLetterQueue.Arn",
        ROAD,
    ),
    Sabotage(
        "a crash hides usage for hours",
        TEMPLATE,
        "VisibilityTimeout: 780 #",
        "VisibilityTimeout: 7800 #",
        ROAD,
    ),
    Sabotage(
        "usage is received again while it is worked on",
        TEMPLATE,
        "VisibilityTimeout: 780 #",
        "VisibilityTimeout: 78 #",
        HOUSE_RULES,
    ),
    Sabotage(
        "ten receives are the end of held usage",
        TEMPLATE,
        "maxReceiveCount: 100 # only for crashes",
        "maxReceiveCount: 10 # only for crashes",
        HOUSE_RULES,
    ),
    Sabotage(
        "the forwarder's partial failures are not read",
        TEMPLATE,
        "      FunctionResponseTypes: [ReportBatchItemFailures]\n"
        "      ScalingConfig: { MaximumConcurrency: !FindInMap",
        "      ScalingConfig: { MaximumConcurrency: !FindInMap",
        HOUSE_RULES,
    ),
    Sabotage(
        "a failed delivery is tried once",
        TEMPLATE,
        "MaximumRetryAttempts: 2 # Lambda's most",
        "MaximumRetryAttempts: 0 # Lambda's most",
        HOUSE_RULES,
    ),
    Sabotage(
        "a delivery that waits for a minute is dropped",
        TEMPLATE,
        "MaximumEventAgeInSeconds: 21600",
        "MaximumEventAgeInSeconds: 60",
        ROAD,
    ),
    Sabotage(
        "a filter pattern decides what is billed",
        TEMPLATE,
        'FilterPattern: "" # every line: a pattern would decide',
        'FilterPattern: "status" # every line: a pattern would decide',
        HOUSE_RULES,
    ),
    Sabotage(
        "the ledger is forgotten after 40 days",
        TEMPLATE,
        "ExpirationInDays: 400 #",
        "ExpirationInDays: 40 #",
        ROAD,
    ),
    Sabotage(
        "the quarantine is forgotten after 18 days",
        TEMPLATE,
        "ExpirationInDays: 180 #",
        "ExpirationInDays: 18 #",
        ROAD,
    ),
    Sabotage(
        "anybody who may delete objects deletes the ledger",
        TEMPLATE,
        "Action: [s3:DeleteObject, s3:DeleteObjectVersion]",
        "Action: [s3:DeleteObject]",
        HOUSE_RULES,
    ),
    Sabotage(
        "a purge empties a queue",
        TEMPLATE,
        "Action: sqs:PurgeQueue",
        "Action: sqs:SetQueueAttributes",
        ROAD,
    ),
    Sabotage(
        "the failure path depends on the road's key",
        TEMPLATE,
        "      SqsManagedSseEnabled: true\n      MessageRetentionPeriod: 1209600\n"
        "      VisibilityTimeout: 300 # a replay",
        "      KmsMasterKeyId: !Ref DataKey\n      MessageRetentionPeriod: 1209600\n"
        "      VisibilityTimeout: 300 # a replay",
        HOUSE_RULES,
    ),
    Sabotage(
        "old configurations are not kept",
        TEMPLATE,
        "VersioningConfiguration: { Status: Enabled } # every configuration",
        "VersioningConfiguration: { Status: Suspended } # every configuration",
        ROAD,
    ),
    Sabotage(
        "metering reads another object for its configuration",
        TEMPLATE,
        "CONFIGURATION_KEY: configuration/metering.json",
        "CONFIGURATION_KEY: metering.json",
        ROAD,
    ),
    Sabotage(
        "the forwarder may not send to the counters",
        TEMPLATE,
        "(docs/explanation/decisions/0003-doubt.md)\n"
        "                Resource: [!GetAtt UsageQueue.Arn, !GetAtt UsageDeadLetterQueue.Arn, !GetAtt SettledUsageQueue.Arn]",
        "(docs/explanation/decisions/0003-doubt.md)\n"
        "                Resource: [!GetAtt UsageQueue.Arn, !GetAtt UsageDeadLetterQueue.Arn]",
        TABLES,
    ),
    Sabotage(
        "the forwarder may not read the ledger",
        TEMPLATE,
        "Action: [s3:PutObject, s3:GetObject]\n"
        '                Resource: !Sub ["arn:${AWS::Partition}:s3:::${Bucket}/*", {',
        "Action: [s3:PutObject]\n"
        '                Resource: !Sub ["arn:${AWS::Partition}:s3:::${Bucket}/*", {',
        TABLES,
    ),
)
